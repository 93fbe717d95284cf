"""The API server, through the official client: JSON in and out. Nothing heavy is imported before it is needed."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenure.adapters.kinds import APPLY, path_of
from tenure.cli.troubles import Answered, Trouble, Unreachable

Raw = dict[str, Any]

FIELD_MANAGER = "kubectl-tenure"
TIMEOUT_SECONDS = 30.0
POD_TIMEOUT_SECONDS = 10.0
PAGE = 500
OURS = ("MLModel", "ModelVersion")
NO_SUCH_PATH = "page not found"
IN_CLUSTER_NAMESPACE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"


@dataclass(frozen=True, slots=True)
class Where:
    """Which cluster and namespace a command is about, as kubectl's flags say it."""

    namespace: str = ""
    context: str = ""
    kubeconfig: str = ""


class Cluster:
    """A thin client; every call answers, or raises Answered or Unreachable."""

    def __init__(self, where: Where) -> None:
        from kubernetes.client import ApiClient, Configuration

        configuration = Configuration()
        found = _connect(where, configuration)
        self.namespace = where.namespace or found
        # A second try is the user's: urllib3 would warn about each of its own in the middle of our answer.
        configuration.retries = False
        self._client = ApiClient(configuration)

    def read(self, kind: str, namespace: str, name: str) -> Raw | None:
        """Return the object, or None when it does not exist."""
        try:
            return self.get(path_of(kind, namespace, name))
        except Answered as answer:
            if answer.status != 404:
                raise
            if kind in OURS and NO_SUCH_PATH in str(answer):
                raise Trouble(f"this cluster knows no {kind}; `kubectl tenure doctor` tells what to install") from None
            return None

    def read_all(self, kind: str, namespace: str, labels: str = "", fields: str = "") -> list[Raw]:
        """Return the objects of a kind, of one namespace or, with an empty one, of all."""
        try:
            return self.list_all(path_of(kind, namespace), labels, fields)
        except Answered as answer:
            if kind in OURS and NO_SUCH_PATH in str(answer):
                raise Trouble(f"this cluster knows no {kind}; `kubectl tenure doctor` tells what to install") from None
            raise

    def list_all(self, path: str, labels: str = "", fields: str = "") -> list[Raw]:
        """Return all items of a collection, page by page."""
        query = [(k, v) for k, v in (("labelSelector", labels), ("fieldSelector", fields)) if v]
        query.append(("limit", str(PAGE)))
        items: list[Raw] = []
        token = ""
        while True:
            page = self._call("GET", path, [*query, *([("continue", token)] if token else [])])
            items += page.get("items") or []
            token = (page.get("metadata") or {}).get("continue") or ""
            if not token:
                return items

    def get(self, path: str) -> Raw:
        return self._call("GET", path, [])

    def read_bytes(self, path: str) -> bytes:
        """Return what a path answers, byte for byte: a digest is of bytes."""
        status, text = self._send("GET", path, [], None, "", POD_TIMEOUT_SECONDS)
        if status >= 300:
            _answer(status, text, f"GET {path}")
        return text

    def ask(self, path: str, body: Mapping[str, Any]) -> Raw:
        """Create a review, which is a question that nothing is stored of."""
        return self._call("POST", path, [], body, "application/json")

    def apply(self, manifest: Mapping[str, Any], force: bool, dry_run: bool) -> Raw:
        """Apply by server-side apply as `kubectl-tenure`; return the object as stored."""
        meta = manifest["metadata"]
        query = [("fieldManager", FIELD_MANAGER), ("force", "true" if force else "false")]
        query += [("dryRun", "All")] if dry_run else []
        path = path_of(manifest["kind"], meta["namespace"], meta["name"])
        return self._call("PATCH", path, query, manifest, APPLY)

    def _call(
        self,
        method: str,
        path: str,
        query: list[tuple[str, str]],
        body: Mapping[str, Any] | None = None,
        kind_of_body: str = "",
    ) -> Raw:
        status, text = self._send(method, path, query, body, kind_of_body, TIMEOUT_SECONDS)
        return _answer(status, text, f"{method} {path}")

    def _send(
        self,
        method: str,
        path: str,
        query: list[tuple[str, str]],
        body: Mapping[str, Any] | None,
        kind_of_body: str,
        timeout: float,
    ) -> tuple[int, bytes]:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        headers = {"Accept": "application/json"} | ({"Content-Type": kind_of_body} if body is not None else {})
        sent = json.dumps(body, ensure_ascii=False).encode() if body is not None and kind_of_body == APPLY else body
        try:
            request = self._client.param_serialize(
                method, path, query_params=query, header_params=headers, body=sent, auth_settings=["BearerToken"]
            )
            answer = self._client.call_api(*request, _request_timeout=timeout)
            text: bytes = answer.read()  # type: ignore[no-untyped-call]
        except (HTTPError, ApiException, OSError) as broken:
            host = self._client.configuration.host
            raise Unreachable(f"{host} does not answer ({_short(broken)}); see `kubectl cluster-info`") from broken
        return answer.status, text


def _connect(where: Where, configuration: Any) -> str:
    """Load the kubeconfig as kubectl would, else the pod's service account; return the namespace."""
    from kubernetes import config
    from kubernetes.config.config_exception import ConfigException

    options = {"config_file": where.kubeconfig or None, "context": where.context or None}
    try:
        config.load_kube_config(**options, client_configuration=configuration)  # type: ignore[no-untyped-call]
        contexts, current = config.list_kube_config_contexts(where.kubeconfig or None)  # type: ignore[no-untyped-call]
    except (ConfigException, OSError, ValueError) as wrong:
        if where.kubeconfig or where.context or not os.environ.get("KUBERNETES_SERVICE_HOST"):
            raise Trouble(
                f"no usable kubeconfig: {_short(wrong).rstrip('.')}; set KUBECONFIG or --kubeconfig"
            ) from wrong
        config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        with open(IN_CLUSTER_NAMESPACE, encoding="utf-8") as file:
            return file.read().strip() or "default"
    chosen = next((one for one in contexts if one["name"] == where.context), current)
    return str((chosen.get("context") or {}).get("namespace") or "default")


def _answer(status: int, text: bytes, what: str) -> Raw:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if status < 300:
        return found if isinstance(found, dict) else {"text": text.decode(errors="replace")}
    answer: dict[str, Any] = found if isinstance(found, dict) else {"message": text.decode(errors="replace")[:500]}
    message = str(answer.get("message") or f"{what} answered {status}")
    details = (answer.get("details") or {}).get("causes") or ()
    causes = tuple(tuple(str(one.get(key, "")) for key in ("reason", "field", "message")) for one in details)
    raise Answered(status, message, causes)  # type: ignore[arg-type]


def _short(error: BaseException) -> str:
    """The innermost words of an error, on one line, without the client's own names."""
    text = " ".join(str(getattr(error, "reason", None) or error).split())
    for wrapping in (r"^.*\bobject at 0x[0-9a-f]+>: ", r"^\w*Connection\w*\(.*?\): ", r"^Invalid kube-config file\. "):
        text = re.sub(wrapping, "", text)
    return text[:200]
