"""`make demo-loop`: a model in use, a world that turns, one rebuild, a better champion, and a report of it all."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

# The cluster's commands and the operator's core are plain files: nothing has to be installed to run them.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cluster"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "operator"))

from localkube.clusters import open_cluster
from localkube.console import Failed, say
from localkube.settings import cache_folder
from showing import acts
from showing.kubernetes import Kubernetes
from showing.loop_report import write_report
from showing.loop_story import Story, start_clean, tell
from showing.loop_world import MODEL, NAMESPACE

REPORT = cache_folder() / "logs" / "demo-loop.html"


def perform() -> None:
    cluster, names = acts.prepare(open_cluster(os.environ.get("CLUSTER", "")))
    with acts.explained("The closed loop", cluster, NAMESPACE, MODEL):
        acts.install(cluster, names)
        start_clean(cluster)
        say("The story begins; it takes about three minutes\n")
        with cluster.proxy() as api:
            end(cluster, tell(cluster, api))
    say("Done")


def end(cluster: Kubernetes, story: Story) -> None:
    """Show what stands in the cluster now, where the report is, and what to type next."""
    shown = cluster.run("get", "mlmodel,mv", f"--namespace={NAMESPACE}")
    write_report(REPORT, story.samples, story.chronicle.moments, shown, datetime.now(UTC))
    print(f"\n{shown}\nReport with plots: {REPORT}\n")
    hints = {
        f"export KUBECONFIG={cluster.kubeconfig}": "",
        f"kubectl describe mlmodel {MODEL} -n {NAMESPACE}": "its signals, its conditions, its events",
        f"kubectl get mv {MODEL}-v2 -n {NAMESPACE} -o yaml": "why this version exists: spec.source",
        f"kubectl get mlmodel {MODEL} -n {NAMESPACE} -o yaml": "every signal with value and threshold",
        f"kubectl delete namespace {NAMESPACE}": "takes it away",
    }
    width = max(len(command) for command, meaning in hints.items() if meaning)
    lines = (f"  {command:{width}}  {meaning}".rstrip() for command, meaning in hints.items())
    print("\n".join(["What to type next:", "", *lines, ""]))


def main() -> int:
    try:
        perform()
    except Failed as failure:
        sys.stderr.write(f"\n{failure}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped.\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
