"""Tell Prometheus which pods to read: Debian builds it without eyes for Kubernetes, so they are written into a file.

Run as `python3 -m localkube.targets KUBECTL KUBECONFIG FILE`; it goes on until it is ended.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

SELECTORS = ("app.kubernetes.io/managed-by=tenure,app.kubernetes.io/component=server", "app.kubernetes.io/name=tenure")
PORT = 8080


def find_target(pod: dict[str, Any]) -> dict[str, Any] | None:
    """Return where a pod is read and what its numbers are labelled with; None while it has no address."""
    address = pod.get("status", {}).get("podIP")
    if not address or pod["status"].get("phase") != "Running":
        return None
    metadata = pod["metadata"]
    labels = metadata.get("labels", {})
    named = {"namespace": metadata["namespace"], "pod": metadata["name"]}
    ours = {name: labels[f"tenure.dev/{name}"] for name in ("model", "version") if f"tenure.dev/{name}" in labels}
    return {"targets": [f"{address}:{PORT}"], "labels": {**named, **ours}}


def read_pods(kubectl: str, kubeconfig: str) -> list[dict[str, Any]]:
    pods: list[dict[str, Any]] = []
    for selector in SELECTORS:
        command = [
            kubectl,
            f"--kubeconfig={kubeconfig}",
            "get",
            "pods",
            "-A",
            f"--selector={selector}",
            "--output=json",
        ]
        ended = subprocess.run([*command, "--request-timeout=5s"], capture_output=True, text=True, check=True)
        pods += json.loads(ended.stdout)["items"]
    return pods


def write_targets(kubectl: str, kubeconfig: str, file: Path) -> None:
    """Write the targets as one step, so that Prometheus never reads half of them."""
    targets = [target for pod in read_pods(kubectl, kubeconfig) if (target := find_target(pod)) is not None]
    unfinished = file.with_suffix(".new")
    unfinished.write_text(json.dumps(targets, indent=1))
    unfinished.rename(file)


def main(kubectl: str, kubeconfig: str, file: str) -> None:
    while True:
        try:
            write_targets(kubectl, kubeconfig, Path(file))
        except (subprocess.CalledProcessError, json.JSONDecodeError) as broken:
            print(f"the API server does not answer: {broken}", flush=True)
        time.sleep(2)


if __name__ == "__main__":
    main(*sys.argv[1:])
