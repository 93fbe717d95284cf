"""Print the plain install, made from the chart: `python manifests/render.py HELM > manifests/install.yaml`."""

import re
import subprocess
import sys
from pathlib import Path

CHART = Path(__file__).resolve().parents[1] / "charts" / "tenure"
NAMESPACE = "tenure-system"
OLDEST = "1.31.0"
"""Oldest Kubernetes that the chart takes; without a cluster Helm must be told one."""

HEADER = f"""\
# Generated from charts/tenure by `python manifests/render.py HELM`; edit the chart, not this file.
#   kubectl apply --server-side -f install.yaml
# Take the operator away and keep every model (deleting the whole file deletes the CRDs, and with them all models):
#   kubectl delete -f install.yaml -l app.kubernetes.io/component=operator
apiVersion: v1
kind: Namespace
metadata:
  name: {NAMESPACE}
  labels:
    pod-security.kubernetes.io/enforce: restricted
"""
HELMS_OWN = re.compile(
    r"^ *helm\.sh/.*\n|^ *app\.kubernetes\.io/managed-by: Helm\n|^# Source: .*\n|^  annotations:\n(?=    helm\.sh/)",
    re.MULTILINE,
)


def render(helm: str) -> str:
    """Return the whole install as YAML, without Helm's own marks."""
    command = [helm, "template", "tenure", str(CHART), "--namespace", NAMESPACE, "--kube-version", OLDEST]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return HEADER + HELMS_OWN.sub("", answer.stdout)


if __name__ == "__main__":
    sys.stdout.write(render(sys.argv[1] if len(sys.argv) > 1 else "helm"))
