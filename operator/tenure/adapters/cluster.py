"""The API server through the official asyncio client: reads, server-side apply, deletes."""

import json
import time
from collections.abc import Mapping
from typing import Any, Protocol

import aiohttp
from kubernetes.aio import config
from kubernetes.aio.client import ApiClient, Configuration

from tenure.adapters.kinds import APPLY, api_version, identity, path_of

Raw = Mapping[str, Any]

CHILDREN_MANAGER = "tenure"
STATUS_MANAGER = "tenure-status"
TIMEOUT_SECONDS = 30.0


class Unreachable(Exception):
    """The API server did not answer, or answered that it cannot now (429, 5xx): try again later."""


class Refused(Exception):
    """The API server will not do this as asked (4xx); the message is its own."""

    def __init__(self, status: int, message: str, is_of_object: bool = True) -> None:
        super().__init__(message)
        self.status = status
        self.is_of_object = is_of_object
        """Whether the answer is about the object, rather than about a path the server does not know."""


class KindMissing(Exception):
    """The API server does not know this kind."""


class CallObserver(Protocol):
    """Told about every call, for metrics."""

    def __call__(self, method: str, code: int, seconds: float) -> None: ...


async def connect() -> ApiClient:
    """Connect as the pod's service account or, outside a cluster, by the kubeconfig.

    Raises kubernetes.aio.config.ConfigException when there is neither.
    """
    configuration = Configuration()
    try:
        config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
    except config.ConfigException:
        await config.load_kube_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
    return ApiClient(configuration=configuration)


class Cluster:
    """A thin port to the API server: JSON in and out, two kinds of errors."""

    def __init__(self, client: ApiClient, observer: CallObserver) -> None:
        self._client = client
        self._observer = observer

    async def read(self, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        """Return the object, or None when it does not exist."""
        try:
            return await self._call("GET", path_of(kind, namespace, name))
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    async def read_optional(self, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        """Return an object of a kind that a cluster need not have; raises KindMissing where it has not."""
        try:
            return await self._call("GET", path_of(kind, namespace, name))
        except Refused as refused:
            if refused.status != 404:
                raise
            if not refused.is_of_object:
                raise KindMissing(kind) from refused
            return None

    async def read_all(
        self, kind: str, namespace: str, labels: str = "", fields: str = "", limit: int = 0
    ) -> list[dict[str, Any]]:
        """Return the objects of a kind that match the selectors, across all pages."""
        query = [(k, v) for k, v in (("labelSelector", labels), ("fieldSelector", fields)) if v]
        if limit:
            query.append(("limit", str(limit)))
        items: list[dict[str, Any]] = []
        token = ""
        while True:
            page = await self._call("GET", path_of(kind, namespace), [*query, ("continue", token)] if token else query)
            # Lists leave kind and apiVersion out of their items: kubernetes/kubernetes#3030.
            items += [{**item, "kind": kind, "apiVersion": api_version(kind)} for item in page.get("items") or ()]
            token = (page.get("metadata") or {}).get("continue") or ""
            if not token:
                return items

    async def read_last_line(self, namespace: str, pod: str, container: str) -> str:
        """Return the last line of a container's log; empty when there is none to be had."""
        query = [("container", container), ("tailLines", "1"), ("limitBytes", "2000")]
        try:
            code, text = await self._send("GET", path_of("Pod", namespace, pod) + "/log", query, None, "")
        except Unreachable:
            return ""
        return text.decode(errors="replace").strip() if code == 200 else ""

    async def apply(self, manifest: Raw, manager: str = CHILDREN_MANAGER) -> dict[str, Any]:
        """Apply a child by server-side apply; return it as stored."""
        query = [("fieldManager", manager), ("force", "true")]
        return await self._call("PATCH", path_of(*identity(manifest)), query, dict(manifest))

    async def apply_status(self, owner: Raw, status: Raw) -> dict[str, Any]:
        """Apply the whole status of an object by server-side apply; return the object as stored."""
        kind, namespace, name = identity(owner)
        query = [("fieldManager", STATUS_MANAGER), ("force", "true")]
        body = {
            "apiVersion": owner["apiVersion"],
            "kind": kind,
            # With the uid, an object of the same name made meanwhile is not written to.
            "metadata": {"name": name, "namespace": namespace, "uid": owner["metadata"]["uid"]},
            "status": dict(status),
        }
        return await self._call("PATCH", path_of(kind, namespace, name) + "/status", query, body)

    async def create(self, manifest: Raw) -> dict[str, Any]:
        """Create an object; raises Refused(409) when one of this name exists."""
        kind, namespace, _ = identity(manifest)
        query = [("fieldManager", CHILDREN_MANAGER)]
        return await self._call("POST", path_of(kind, namespace), query, dict(manifest))

    async def replace(self, manifest: Raw) -> dict[str, Any]:
        """Replace an object as it was read; raises Refused(409) when it was written to meanwhile."""
        query = [("fieldManager", CHILDREN_MANAGER)]
        return await self._call("PUT", path_of(*identity(manifest)), query, dict(manifest), "application/json")

    async def merge(self, kind: str, namespace: str, name: str, patch: Raw) -> dict[str, Any]:
        """Merge-patch an object (RFC 7396)."""
        query = [("fieldManager", CHILDREN_MANAGER)]
        path = path_of(kind, namespace, name)
        return await self._call("PATCH", path, query, dict(patch), "application/merge-patch+json")

    async def delete(self, kind: str, namespace: str, name: str, uid: str) -> None:
        """Delete this very object, its children in the background; nothing happens when it is gone already."""
        body = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": uid},
            "propagationPolicy": "Background",
        }
        try:
            await self._call("DELETE", path_of(kind, namespace, name), [], body, "application/json")
        except Refused as refused:
            if refused.status not in (404, 409):
                raise

    async def _call(
        self,
        method: str,
        path: str,
        query: list[tuple[str, str]] | None = None,
        body: dict[str, Any] | None = None,
        content_type: str = APPLY,
    ) -> dict[str, Any]:
        code, text = await self._send(method, path, query, body, content_type)
        return _answer(code, text, f"{method} {path}")

    async def _send(
        self,
        method: str,
        path: str,
        query: list[tuple[str, str]] | None,
        body: dict[str, Any] | None,
        content_type: str,
    ) -> tuple[int, bytes]:
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json" if method == "POST" else content_type
        sent = json.dumps(body, ensure_ascii=False).encode() if body and headers.get("Content-Type") == APPLY else body
        started = time.monotonic()
        code = 0
        try:
            request = await self._client.param_serialize(
                method, path, query_params=query or [], header_params=headers, body=sent, auth_settings=["BearerToken"]
            )
            response = await self._client.call_api(*request, _request_timeout=TIMEOUT_SECONDS)
            code = response.status
            text = await response.read()  # type: ignore[no-untyped-call]
        except (aiohttp.ClientError, TimeoutError, OSError) as broken:
            raise Unreachable(f"{method} {path}: {type(broken).__name__}: {broken}") from broken
        finally:
            self._observer(method, code, time.monotonic() - started)
        return code, text


def _answer(code: int, text: bytes, what: str) -> dict[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        found = None
    if not isinstance(found, dict):
        if code < 300:
            raise Unreachable(f"{what} answered {code} with something that is not a JSON object")
        found = {"message": text.decode(errors="replace")[:500]}
    if code < 300:
        return found
    message = str(found.get("message") or f"{what} answered {code}")
    if code in (429, 401) or code >= 500:
        raise Unreachable(message)
    # A Status names the object it is about; a path nobody serves gets a bare `404 page not found`.
    raise Refused(code, message, is_of_object=bool(found.get("details")))
