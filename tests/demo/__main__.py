"""`make demo`: boot a cluster, install the operator, give it a model, and ask that model for a prediction."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# The cluster's commands are plain files, so that nothing has to be installed to run them.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cluster"))

from localkube.clusters import open_cluster
from localkube.console import Failed, say
from showing import acts


def perform() -> None:
    acts.LOG.unlink(missing_ok=True)
    cluster, names = acts.prepare(open_cluster(os.environ.get("CLUSTER", "")))
    for what, act in (
        ("Installing the operator", lambda: acts.install(cluster, names)),
        ("Applying the example", lambda: acts.apply_example(cluster)),
        ("Following the model", lambda: acts.follow(cluster)),
        ("Asking for a prediction", lambda: acts.predict(cluster)),
    ):
        with acts.explained(what, cluster):
            act()
    print(acts.farewell(cluster))
    say("Done")


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
