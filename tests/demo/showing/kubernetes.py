"""kubectl and helm for the demonstration."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localkube.console import Failed
from localkube.tools import find_binary


def find_program(name: str, module: str, is_ours: bool) -> Path:
    """Return a program: the one that fits our own cluster, or else a person's own."""
    installed = None if is_ours else shutil.which(name)
    return Path(installed) if installed else find_binary(module, name)


@dataclass(frozen=True)
class Kubernetes:
    """One cluster, seen as its administrator."""

    kubeconfig: Path
    kubectl: Path
    helm: Path

    def run(self, *arguments: str | Path) -> str:
        ended = subprocess.run(self._command(*arguments), capture_output=True, text=True, check=False)
        if ended.returncode != 0:
            raise Failed(f"`kubectl {' '.join(map(str, arguments))}` failed:\n{ended.stderr.strip()}")
        return ended.stdout

    def apply(self, manifests: str) -> None:
        """Apply manifests that are no file, as text."""
        command = self._command("apply", "--server-side", "--filename=-")
        ended = subprocess.run(command, input=manifests, capture_output=True, text=True, check=False)
        if ended.returncode != 0:
            raise Failed(f"`kubectl apply` failed:\n{ended.stderr.strip()}")

    def find(self, *arguments: str) -> dict[str, Any] | None:
        """Return one object, or None while there is none."""
        text = self.run("get", *arguments, "--ignore-not-found", "--output=json")
        return json.loads(text) if text.strip() else None

    def try_to_show(self, *arguments: str) -> str:
        """Return what a command prints, whether it works or not: for reports about what broke."""
        ended = subprocess.run(self._command(*arguments), capture_output=True, text=True, check=False)
        return (ended.stdout + ended.stderr).strip()

    def _command(self, *arguments: str | Path) -> list[str | Path]:
        return [self.kubectl, f"--kubeconfig={self.kubeconfig}", *arguments]

    @contextmanager
    def forward(self, namespace: str, target: str) -> Iterator[str]:
        """Give the address of a Service on this machine while the block runs."""
        command = self._command("port-forward", f"--namespace={namespace}", target, ":80")
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as forwarding:
            try:
                assert forwarding.stdout is not None
                first = forwarding.stdout.readline()
                if not first.startswith("Forwarding from "):
                    raise Failed(f"cannot reach {target} in namespace {namespace}: {first.strip()}")
                yield f"http://{first.split()[2]}"
            finally:
                forwarding.terminate()

    @contextmanager
    def proxy(self) -> Iterator[str]:
        """Give an address of the API server on this machine while the block runs: kubectl brings the credentials.

        A Service is reached through it whatever becomes of single pods, which a forwarded port does not survive.
        """
        command = self._command("proxy", "--port=0")
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as serving:
            try:
                assert serving.stdout is not None
                first = serving.stdout.readline()
                if not first.startswith("Starting to serve on "):
                    raise Failed(f"cannot reach the API server: {first.strip()}")
                yield f"http://{first.split()[-1]}"
            finally:
                serving.terminate()

    def environment(self) -> dict[str, str]:
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig)}
