"""The messages of `inference.GRPCInferenceService`, made from the table below when the server starts.

The table is the published protocol, field by field in the order of its numbers, without the model repository, which a
server of one model does not have:
https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_grpc.md
A star means repeated, a hash a map from texts, and a bar that only one of the fields is set.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "inference"
SERVICE = f"{PACKAGE}.GRPCInferenceService"
TABLE = """
ServerLiveRequest:
ServerLiveResponse: live bool
ServerReadyRequest:
ServerReadyResponse: ready bool
ModelReadyRequest: name string, version string
ModelReadyResponse: ready bool
ServerMetadataRequest:
ServerMetadataResponse: name string, version string, extensions string*
ModelMetadataRequest: name string, version string
TensorMetadata: name string, datatype string, shape int64*
ModelMetadataResponse: name string, versions string*, platform string, inputs TensorMetadata*, outputs TensorMetadata*, properties string#
InferParameter: bool_param bool | int64_param int64 | string_param string | double_param double | uint64_param uint64
InferTensorContents: bool_contents bool*, int_contents int32*, int64_contents int64*, uint_contents uint32*, uint64_contents uint64*, fp32_contents float*, fp64_contents double*, bytes_contents bytes*
InferInputTensor: name string, datatype string, shape int64*, parameters InferParameter#, contents InferTensorContents
InferRequestedOutputTensor: name string, parameters InferParameter#
ModelInferRequest: model_name string, model_version string, id string, parameters InferParameter#, inputs InferInputTensor*, outputs InferRequestedOutputTensor*, raw_input_contents bytes*
InferOutputTensor: name string, datatype string, shape int64*, parameters InferParameter#, contents InferTensorContents
ModelInferResponse: model_name string, model_version string, id string, parameters InferParameter#, outputs InferOutputTensor*, raw_output_contents bytes*
"""  # noqa: E501 one message a line

_Field = descriptor_pb2.FieldDescriptorProto
SCALARS = {
    "bool": _Field.TYPE_BOOL, "string": _Field.TYPE_STRING, "bytes": _Field.TYPE_BYTES, "float": _Field.TYPE_FLOAT,
    "double": _Field.TYPE_DOUBLE, "int32": _Field.TYPE_INT32, "int64": _Field.TYPE_INT64,
    "uint32": _Field.TYPE_UINT32, "uint64": _Field.TYPE_UINT64,
}  # fmt: skip


def _made() -> dict[str, Any]:
    """The message classes by name, in a pool of their own: another library's copy of the protocol does no harm."""
    file = descriptor_pb2.FileDescriptorProto(name="tenure/inference.proto", package=PACKAGE, syntax="proto3")
    for line in TABLE.strip().splitlines():
        name, _, fields = line.partition(":")
        _describe(file.message_type.add(name=name), fields.strip())
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    names = [message.name for message in file.message_type]
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}")) for name in names}


def _describe(message: Any, fields: str) -> None:
    is_choice = "|" in fields
    if is_choice:
        message.oneof_decl.add(name="parameter_choice")
    separator = "|" if is_choice else ","
    for number, entry in enumerate(filter(None, fields.split(separator)), start=1):
        name, kind = entry.split()
        field = message.field.add(name=name, number=number, label=_Field.LABEL_OPTIONAL)
        if is_choice:
            field.oneof_index = 0
        if kind.endswith("*"):
            field.label = _Field.LABEL_REPEATED
        if kind.endswith("#"):
            kind = _map_entry(message, field, kind.rstrip("#"))
        _type(field, kind.rstrip("*"))


def _map_entry(message: Any, field: Any, kind: str) -> str:
    """A map is a repeated message of key and value; it is named as the compiler would name it."""
    field.label = _Field.LABEL_REPEATED
    entry = message.nested_type.add(name=f"{field.name.title()}Entry")
    entry.options.map_entry = True
    _type(entry.field.add(name="key", number=1, label=_Field.LABEL_OPTIONAL), "string")
    _type(entry.field.add(name="value", number=2, label=_Field.LABEL_OPTIONAL), kind)
    return f"{message.name}.{entry.name}"


def _type(field: Any, kind: str) -> None:
    scalar = SCALARS.get(kind)
    if scalar is not None:
        field.type = scalar
    else:
        field.type, field.type_name = _Field.TYPE_MESSAGE, f".{PACKAGE}.{kind}"


MESSAGES = _made()
