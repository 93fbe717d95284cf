"""Reading a model with all that belongs to it: versions, pods, records."""

from tenure.cli.cluster import Cluster, Raw
from tenure.cli.contents import Evidence, newest
from tenure.cli.nouns.model import Model, Pod, Record
from tenure.cli.parsing.model import parse_model, parse_pod
from tenure.cli.parsing.record import parse_records, with_record
from tenure.cli.parsing.version import parse_version
from tenure.cli.troubles import Answered, Trouble
from tenure.core.names import COMPONENT_LABEL, SERVER, model_selector, record_name
from tenure.render.record import RECORD_LABEL


class Reader:
    """Reads one namespace."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._namespace = cluster.namespace

    def read_evidence(self, name: str) -> Evidence:
        """Read all objects that tell of a model; raises Trouble when there are none."""
        model = self._cluster.read("MLModel", self._namespace, name)
        record = self._cluster.read("ConfigMap", self._namespace, record_name(name))
        if model is None and not (record and parse_records(record)):
            raise Trouble(self._absent(name))
        versions = self._cluster.read_all("ModelVersion", self._namespace, fields=f"spec.modelRef.name={name}")
        return Evidence(model, tuple(sorted(versions, key=lambda raw: int(raw["spec"]["version"]))), record)

    def read_model(self, name: str) -> Model:
        """Read a model; one that was deleted is read from its record."""
        evidence = self.read_evidence(name)
        records = parse_records(evidence.record) if evidence.record else ()
        if evidence.model is None:
            model = newest(record.model for record in records)
            assert model is not None
            return model
        versions = tuple(parse_version(raw) for raw in evidence.versions)
        return with_record(parse_model(evidence.model, versions), records)

    def read_living(self, name: str) -> Model:
        """Read a model that exists."""
        raw = self._cluster.read("MLModel", self._namespace, name)
        if raw is None:
            gone = self._cluster.read("ConfigMap", self._namespace, record_name(name)) is not None
            hint = f"; it was deleted, `kubectl tenure card {name}` shows its record" if gone else ""
            raise Trouble(self._absent(name) + hint)
        versions = self._cluster.read_all("ModelVersion", self._namespace, fields=f"spec.modelRef.name={name}")
        return parse_model(raw, tuple(parse_version(one) for one in versions))

    def read_models(self, all_namespaces: bool) -> tuple[Model, ...]:
        raws = self._cluster.read_all("MLModel", "" if all_namespaces else self._namespace)
        return tuple(sorted((parse_model(raw) for raw in raws), key=lambda one: (one.namespace, one.name)))

    def read_pods(self, name: str) -> tuple[Pod, ...]:
        """Read the serving pods; who may not see pods sees the rest."""
        raws = self.read_raw_pods(name)
        return tuple(sorted((parse_pod(raw) for raw in raws), key=lambda pod: (-pod.version, pod.name)))

    def read_raw_pods(self, name: str) -> list[Raw]:
        selector = model_selector(name) | {COMPONENT_LABEL: SERVER}
        labels = ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
        try:
            return self._cluster.read_all("Pod", self._namespace, labels)
        except Answered as answer:
            if answer.status == 403:
                return []
            raise

    def read_records(self, everywhere: bool) -> tuple[Record, ...]:
        raws = self._cluster.read_all("ConfigMap", "" if everywhere else self._namespace, f"{RECORD_LABEL}=true")
        raws.sort(key=lambda raw: (raw["metadata"]["namespace"], raw["metadata"]["name"]))
        return tuple(record for raw in raws for record in parse_records(raw))

    def _absent(self, name: str) -> str:
        return f"no MLModel {name} in namespace {self._namespace}; `kubectl tenure status -A` lists all"
