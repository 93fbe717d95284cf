"""The command doctor: looks at the cluster and says what to mend."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from tenure import __version__
from tenure.cli.blocks import Page, Paragraph, Table
from tenure.cli.cluster import Cluster, Raw
from tenure.cli.commands.command import Command, output_argument
from tenure.cli.diagnosis import (
    FAIL,
    OK,
    WARN,
    Finding,
    check_answer,
    check_asking,
    check_definition,
    check_gateway,
    check_metrics,
    check_operator,
    check_operator_rights,
    check_rights,
    check_storage,
    check_version,
)
from tenure.cli.nouns.data import as_data
from tenure.cli.session import Session
from tenure.cli.troubles import Answered

OPERATOR = "app.kubernetes.io/name=tenure,app.kubernetes.io/component=operator"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GATEWAY_API = "/apis/gateway.networking.k8s.io/v1"
RIGHTS = (
    ("get", "tenure.dev", "mlmodels"),
    ("list", "tenure.dev", "modelversions"),
    ("list", "", "configmaps"),
    ("list", "", "pods"),
    ("patch", "tenure.dev", "mlmodels"),
    ("patch", "tenure.dev", "modelversions"),
)
"""What the commands need: looking first, then deciding."""
ASK_PODS = ("get", "", "pods/proxy")
OPERATOR_RIGHTS = (
    ("patch", "tenure.dev", "mlmodels/status"),
    ("create", "tenure.dev", "modelversions"),
    ("create", "batch", "jobs"),
    ("patch", "apps", "deployments"),
    ("patch", "", "services"),
    ("patch", "", "configmaps"),
    ("patch", "", "persistentvolumeclaims"),
    ("patch", "autoscaling", "horizontalpodautoscalers"),
    ("patch", "policy", "poddisruptionbudgets"),
    ("get", "", "pods/log"),
    ("create", "", "events"),
)
"""What the operator writes for any model, and what it needs to tell causes."""


def _doctor(session: Session, given: Namespace) -> int:
    cluster = session.connect(session.where)
    findings = tuple(_findings(cluster))
    bad = sum(one.verdict == FAIL for one in findings)
    odd = sum(one.verdict == WARN for one in findings)
    rows = tuple((one.check, one.verdict, one.found, one.fix) for one in findings)
    text = f"{bad} to mend, {odd} to know of, {len(findings) - bad - odd} well"
    page = Page((Table(("Check", "Verdict", "Found", "What to do"), rows), Paragraph(text)), as_data(findings))
    session.show(page, given.output)
    return 1 if bad else 0


def _findings(cluster: Cluster) -> Iterator[Finding]:
    yield check_version(cluster.get("/version"))
    yield from _definitions(cluster)
    yield from _operator(cluster)
    yield from check_rights({_right(*right): _may(cluster, *right) for right in RIGHTS})
    yield check_asking(_may(cluster, *ASK_PODS))
    classes = _all(cluster, "/apis/storage.k8s.io/v1/storageclasses")
    yield _unseen("Storage", "StorageClasses") if classes is None else check_storage(classes)
    has_gateway = _find(cluster, GATEWAY_API) is not None
    gateway_classes = _all(cluster, f"{GATEWAY_API}/gatewayclasses") if has_gateway else []
    gateways = _all(cluster, f"{GATEWAY_API}/gateways") if has_gateway else []
    yield (
        _unseen("Gateway API", "Gateways and GatewayClasses")
        if gateways is None or gateway_classes is None
        else check_gateway(has_gateway, gateway_classes, gateways)
    )
    yield check_metrics(_find(cluster, "/apis/metrics.k8s.io/v1beta1") is not None)


def _definitions(cluster: Cluster) -> Iterator[Finding]:
    from tenure.api.crd import custom_resource_definitions

    for wanted in custom_resource_definitions().values():
        name = wanted["metadata"]["name"]
        try:
            yield check_definition(name, _find(cluster, f"{DEFINITIONS}/{name}"), wanted)
        except Answered as answer:
            if answer.status != 403:
                raise
            plural, _, group = name.partition(".")
            served = _find(cluster, f"/apis/{group}/v1alpha1/namespaces/{cluster.namespace}/{plural}?limit=1")
            found = "served; you may not see its definition" if served is not None else "not served"
            yield Finding(f"CRD {name}", OK if served is not None else FAIL, found)


def _operator(cluster: Cluster) -> Iterator[Finding]:
    try:
        deployments = cluster.list_all("/apis/apps/v1/deployments", OPERATOR)
    except Answered as answer:
        if answer.status != 403:
            raise
        yield _unseen("Operator", "Deployments of all namespaces")
        return
    found = check_operator(deployments, __version__)
    yield found
    if found.verdict != FAIL:
        yield check_answer(_ask_operator(cluster, deployments[0]["metadata"]["namespace"]))
        yield _operator_rights(cluster, deployments[0])


def _operator_rights(cluster: Cluster, deployment: Raw) -> Finding:
    """Whether the operator may write in the present namespace; who may not ask that is told so."""
    account = deployment["spec"]["template"]["spec"].get("serviceAccountName") or "default"
    user = f"system:serviceaccount:{deployment['metadata']['namespace']}:{account}"
    try:
        allowed = {_right(*right): _may(cluster, *right, user=user) for right in OPERATOR_RIGHTS}
    except Answered as answer:
        if answer.status != 403:
            raise
        return _unseen("Operator's rights", "the rights of others")
    return check_operator_rights(allowed, cluster.namespace)


def _ask_operator(cluster: Cluster, namespace: str) -> str | None:
    """Ask /readyz of each operator pod through the API server."""
    try:
        pods = cluster.list_all(f"/api/v1/namespaces/{namespace}/pods", OPERATOR)
        alive = [pod["metadata"]["name"] for pod in pods if "deletionTimestamp" not in pod["metadata"]]
        for name in alive:
            cluster.get(f"/api/v1/namespaces/{namespace}/pods/{name}:8081/proxy/readyz")
    except Answered as answer:
        return None if answer.status == 403 else f"error {answer.status}: {answer}"
    return "ok"


def _may(cluster: Cluster, verb: str, group: str, resource: str, user: str = "") -> bool:
    """Ask whether we, or another user, may do something in the present namespace."""
    name, _, part = resource.partition("/")
    attributes = {"namespace": cluster.namespace, "verb": verb, "group": group, "resource": name, "subresource": part}
    kind = "SubjectAccessReview" if user else "SelfSubjectAccessReview"
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": kind,
        "spec": {"resourceAttributes": attributes, **({"user": user} if user else {})},
    }
    answer = cluster.ask(f"/apis/authorization.k8s.io/v1/{kind.lower()}s", body)
    return bool((answer.get("status") or {}).get("allowed"))


def _right(verb: str, group: str, resource: str) -> str:
    return f"{verb} {resource}{f'.{group}' if group else ''}"


def _find(cluster: Cluster, path: str) -> Raw | None:
    try:
        return cluster.get(path)
    except Answered as answer:
        if answer.status in (404, 503):
            return None
        raise


def _all(cluster: Cluster, path: str) -> list[Raw] | None:
    """List a collection; None when we may not."""
    try:
        return cluster.list_all(path)
    except Answered as answer:
        if answer.status == 403:
            return None
        raise


def _unseen(check: str, what: str) -> Finding:
    return Finding(check, WARN, f"you may not see {what}", "ask somebody who may to run this")


def _arguments(parser: ArgumentParser) -> None:
    output_argument(parser)


COMMANDS = (
    Command(
        "doctor",
        "Whether the cluster has what Tenure needs, and what to do",
        ("doctor", "doctor -n crm -o json"),
        _arguments,
        _doctor,
        "It looks at the version, the CRDs, the operator and its rights, your rights in the namespace, storage, the "
        "Gateway API and the metrics API. Exit code 1 when something must be mended.",
    ),
)
