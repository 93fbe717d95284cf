"""A namespace of one story, and what its user does and sees there."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pytest
import yaml

from .api import Answered, Api, Raw, condition
from .operator_pod import InstalledOperator

T = TypeVar("T")

CHILDREN = ("ModelVersion", "Job", "Deployment", "Service", "Pod", "PersistentVolumeClaim")
PATIENCE_SECONDS = 120.0
"""How long a story waits for a step that takes some seconds on an idle machine."""
SERVING = "app.kubernetes.io/component=server"


class Space:
    """One namespace. Every wait ends with what was waited for, or fails with all there is to know."""

    def __init__(self, api: Api, operator: InstalledOperator, name: str) -> None:
        self.api = api
        self.operator = operator
        self.name = name

    # What the user does

    def apply(self, *manifests: Mapping[str, Any]) -> None:
        for manifest in manifests:
            self.api.apply(self.name, manifest)

    def edit(self, model: str, spec: Mapping[str, Any]) -> None:
        """Merge a change into a model's spec; None removes a field."""
        self.api.merge("MLModel", self.name, model, {"spec": spec})

    def delete(self, kind: str, name: str) -> None:
        self.api.delete(kind, self.name, name)

    def kubectl(self, *words: str, text: str = "") -> str:
        return self.api.kubectl("--namespace", self.name, *words, text=text)

    def ask(self, service: str, path: str = "/", body: Any = None) -> Any:
        """Send one request to a Service's pods through the API server, and return the JSON it answers."""
        proxy = f"/api/v1/namespaces/{self.name}/services/http:{service}:http/proxy{path}"
        return json.loads(self.api.call("GET" if body is None else "POST", proxy, body))

    def predict(self, model: str, rows: list[list[float]], service: str = "") -> list[Any]:
        """Ask a model of Tenure's own server for predictions, by the Open Inference Protocol."""
        flat = [value for row in rows for value in row]
        tensor = {"name": "input", "datatype": "FP64", "shape": [len(rows), len(rows[0])], "data": flat}
        answer = self.ask(service or model, f"/v2/models/{model}/infer", {"inputs": [tensor]})
        return list(answer["outputs"][0]["data"])

    # What the user sees

    def model(self, name: str) -> Raw:
        return self.api.read("MLModel", self.name, name)

    def version(self, name: str) -> Raw:
        return self.api.read("ModelVersion", self.name, name)

    def names(self, kind: str, labels: str = "") -> list[str]:
        return sorted(raw["metadata"]["name"] for raw in self.api.read_all(kind, self.name, labels))

    def children(self) -> list[str]:
        """Name everything in the namespace that a model can have made."""
        ours = [f"{kind}/{name}" for kind in CHILDREN for name in self.names(kind)]
        return [name for name in ours if name != "Service/kubernetes"]

    def serving_pods(self, version: int | None = None) -> list[Raw]:
        labels = SERVING if version is None else f"{SERVING},tenure.dev/version={version}"
        pods = self.api.read_all("Pod", self.name, labels)
        return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]

    # What the user waits for

    def wait_until(
        self, what: str, check: Callable[[], T | None], seconds: float = PATIENCE_SECONDS, pause: float = 0.2
    ) -> T:
        """Return the first answer of `check` that is true; fail with a full report when it comes too late."""
        until = time.monotonic() + seconds
        while True:
            try:
                found = check()
            except Answered as answer:
                found = None
                if answer.status not in (404, 429, 502, 503):
                    raise
            if found:
                return found
            if time.monotonic() > until:
                pytest.fail(f"not within {seconds:.0f} s: {what}\n{self.report()}", pytrace=False)
            time.sleep(pause)

    def wait_for(
        self, model: str, what: str, check: Callable[[Raw], Any], seconds: float = PATIENCE_SECONDS, pause: float = 0.2
    ) -> Raw:
        """Wait until a model's status is as told, for the spec as it is now."""

        def seen() -> Raw | None:
            raw = self.model(model)
            is_current = (raw.get("status") or {}).get("observedGeneration") == raw["metadata"]["generation"]
            return raw if is_current and check(raw) else None

        return self.wait_until(f"{model}: {what}", seen, seconds, pause)

    def wait_in_use(self, model: str, champion: str = "", seconds: float = PATIENCE_SECONDS) -> Raw:
        """Wait until a model is served as its spec asks and nothing is left to do."""

        def is_done(raw: Raw) -> bool:
            calm = condition(raw, "Reconciling")["status"] == condition(raw, "Stalled")["status"] == "Absent"
            status = raw["status"]
            return bool(
                status["phase"] == "InUse"
                and condition(raw, "Ready")["status"] == "True"
                and calm
                and champion in ("", status.get("champion"))
            )

        return self.wait_for(model, f"in use{f' with {champion}' if champion else ''}", is_done, seconds)

    def wait_reason(self, model: str, kind: str, reason: str, seconds: float = PATIENCE_SECONDS) -> Mapping[str, str]:
        """Wait until a condition has this reason, and return the condition."""
        raw = self.wait_for(
            model, f"{kind} for {reason}", lambda raw: condition(raw, kind)["reason"] == reason, seconds
        )
        return condition(raw, kind)

    def hold(self, what: str, check: Callable[[], Any], seconds: float) -> None:
        """Look again and again for so many seconds; fail as soon as it is not so."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not check():
                pytest.fail(f"it did not stay so: {what}\n{self.report()}", pytrace=False)
            time.sleep(0.2)

    def hold_idle(self, seconds: float) -> None:
        """Look for a while in which the operator wrote nothing, and read next to nothing.

        Somebody else's model may come to life just now, so it is tried a few times; what turns in circles never stops.
        """
        tries: list[dict[str, float]] = []
        for _ in range(4):
            before = self.operator.calls()
            time.sleep(seconds)
            calls = {method: count - before.get(method, 0) for method, count in self.operator.calls().items()}
            if sum(calls.values()) == calls.get("GET", 0) < 2 * seconds:
                return
            tries.append(calls)
        pytest.fail(
            f"the operator was never idle for {seconds:.0f} s; its calls: {tries}\n{self.report()}", pytrace=False
        )

    def report(self) -> str:
        """Tell all that helps to understand why a story fails."""
        kinds = "mlmodel,mv,job,deployment,pod,service,pvc"
        parts = [self.api.kubectl("--namespace", self.name, "get", kinds, "--show-kind", check=False)]
        for raw in self.api.read_all("MLModel", self.name):
            meta = raw["metadata"]
            shown = {"name": meta["name"], "generation": meta["generation"], "status": raw.get("status")}
            parts.append(yaml.safe_dump(shown, sort_keys=False, width=160))
        parts.append(self.api.kubectl("--namespace", self.name, "events", check=False)[-6000:])
        log = [line for line in self.operator.log().splitlines() if self.name in line or '"ERROR"' in line]
        parts.append("operator log:\n" + "\n".join(line[:600] for line in log[-40:]))
        return "\n".join(parts)
