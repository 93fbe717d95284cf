"""Print plain manifests, made from the chart: `python manifests/render.py HELM > manifests/install.yaml`.

With the word `governance` behind it, print manifests/governance/policy.yaml instead.
"""

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
GOVERNANCE_HEADER = """\
# Generated from charts/tenure by `python manifests/render.py HELM governance`; edit the chart, not this file.
#   kubectl apply --server-side -f policy.yaml
# What it can and cannot hold stands above the first policy. The approvers' group is tenure:approvers; for another one
# change the two variables `groups` and the ClusterRoleBinding. To begin with some namespaces, give both bindings at the
# end a matchResources.namespaceSelector.
"""
HELMS_OWN = re.compile(
    r"^ *helm\.sh/.*\n|^ *app\.kubernetes\.io/managed-by: Helm\n|^# Source: .*\n|^  annotations:\n(?=    helm\.sh/)",
    re.MULTILINE,
)


def render(helm: str) -> str:
    """Return the whole install as YAML, without Helm's own marks."""
    return HEADER + _rendered(helm)


def render_governance(helm: str) -> str:
    """Return what `governance.enabled` adds to the chart."""
    template = ["--show-only", "templates/governance.yaml"]
    return GOVERNANCE_HEADER + _rendered(helm, "--set", "governance.enabled=true", *template)


def _rendered(helm: str, *options: str) -> str:
    command = [helm, "template", "tenure", str(CHART), "--namespace", NAMESPACE, "--kube-version", OLDEST, *options]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return HELMS_OWN.sub("", answer.stdout)


if __name__ == "__main__":
    program = sys.argv[1] if len(sys.argv) > 1 else "helm"
    sys.stdout.write(render_governance(program) if "governance" in sys.argv[2:] else render(program))
