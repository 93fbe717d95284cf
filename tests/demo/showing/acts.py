"""The acts of the demonstration, and what to show when one of them fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from localkube.clusters import Cluster
from localkube.console import Failed, run_logged, say, step
from localkube.images import Names
from localkube.local import LocalCluster
from localkube.settings import REPOSITORY, cache_folder
from localkube.together import do_together

from showing.kubernetes import Kubernetes, find_program
from showing.prediction import BENIGN, MALIGNANT, ask, read_classes, render_request
from showing.story import watch_model

SYSTEM = "tenure-system"
NAMESPACE = "demo"
MODEL = "breast-cancer"
EXAMPLE = REPOSITORY / "manifests" / "examples" / f"{MODEL}.yaml"
LOG = cache_folder() / "logs" / "demo.log"


def prepare(cluster: Cluster) -> tuple[Kubernetes, Names]:
    """Bring up the cluster and bring in the images; on a new machine one is compiled while the other is built."""
    is_ours = isinstance(cluster, LocalCluster)

    def find_helm() -> Path:
        return find_program("helm", "helm", is_ours)

    def up_then_helm() -> None:
        cluster.up()
        find_helm()

    do_together(up_then_helm, cluster.build_images)
    kubectl = find_program("kubectl", "kubernetes", is_ours)
    return Kubernetes(cluster.kubeconfig(), kubectl, find_helm()), cluster.deliver_images()


def install(cluster: Kubernetes, names: Names) -> None:
    """Install or upgrade the operator with its chart."""
    (operator, operator_tag), (runtime, runtime_tag) = (
        names[target].rsplit(":", 1) for target in ("operator", "runtime")
    )
    values = {
        "image.repository": operator,
        "image.tag": operator_tag,
        "runtimeImage.repository": runtime,
        "runtimeImage.tag": runtime_tag,
    }
    with step(f"Installing the operator in namespace {SYSTEM}", LOG):
        run_logged(
            [
                *(cluster.helm, "upgrade", "--install", "tenure", REPOSITORY / "charts" / "tenure"),
                *("--namespace", SYSTEM, "--create-namespace", "--take-ownership", "--wait", "--timeout", "3m"),
                *(f"--set-string={name}={value}" for name, value in values.items()),
            ],
            LOG,
            cluster.environment(),
        )


def apply_example(cluster: Kubernetes) -> None:
    say(f"Applying {EXAMPLE.relative_to(REPOSITORY)}")
    cluster.run("apply", "--filename", EXAMPLE)


def follow(cluster: Kubernetes) -> None:
    say(f"The model {MODEL} takes its way:")
    watch_model(cluster, NAMESPACE, MODEL, patience=300)


def predict(cluster: Kubernetes) -> None:
    """Send two patients to the model in use and show its answer."""
    body = render_request((MALIGNANT, BENIGN))
    with cluster.forward(NAMESPACE, f"service/{MODEL}") as address:
        say(f"Asking POST /v2/models/{MODEL}/infer about two patients: one tumour was malignant, one benign")
        answer = ask(address, MODEL, body)
    print(f"\n{json.dumps(answer)}\n\nThe model says: {', '.join(read_classes(answer))}\n")
    print(cluster.run("get", "mlmodel,mv", f"--namespace={NAMESPACE}"))


@contextmanager
def explained(what: str, cluster: Kubernetes, namespace: str = NAMESPACE, model: str = MODEL) -> Iterator[None]:
    """When this act fails, say which one it was, and show what Kubernetes knows."""
    try:
        yield
    except Failed as failure:
        shown = (
            ("get", "mlmodel,modelversion,job,pod,service,pvc", f"--namespace={namespace}"),
            ("describe", "mlmodel", model, f"--namespace={namespace}"),
            ("get", "events", f"--namespace={namespace}", "--sort-by=.lastTimestamp"),
            ("get", "pods,events", f"--namespace={SYSTEM}"),
            ("logs", "deployment/tenure", f"--namespace={SYSTEM}", "--tail=40"),
        )
        reports = [f"$ kubectl {' '.join(command)}\n{cluster.try_to_show(*command)}" for command in shown]
        raise Failed("\n\n".join([*reports, f"{what} failed: {failure}", f"log: {LOG}"])) from None


def farewell(cluster: Kubernetes) -> str:
    hints = {
        f"export KUBECONFIG={cluster.kubeconfig}": "",
        f"kubectl get mlmodel,mv -n {NAMESPACE}": "the model and its versions, a line each",
        f"kubectl describe mlmodel {MODEL} -n {NAMESPACE}": "its conditions, its history, what it waits for",
        f"kubectl delete mlmodel {MODEL} -n {NAMESPACE}": "takes it away; the record of its life stays:",
        f"kubectl get configmap -n {NAMESPACE}": "",
        "make down": "takes the cluster away",
    }
    width = max(len(command) for command, meaning in hints.items() if meaning)
    lines = (f"  {command:{width}}  {meaning}".rstrip() for command, meaning in hints.items())
    return "\n".join(["What to type next:", "", *lines, ""])
