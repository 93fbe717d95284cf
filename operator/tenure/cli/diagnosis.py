"""What the doctor concludes from what was found: pure, one check a function, each with what to do."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Raw = Mapping[str, Any]

OK, WARN, FAIL = "ok", "warn", "fail"
OLDEST_MINOR = 31
INSTALL = "install Tenure: helm upgrade --install tenure charts/tenure -n tenure-system --create-namespace"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


@dataclass(frozen=True, slots=True)
class Finding:
    check: str
    verdict: str
    found: str
    fix: str = ""


def check_version(version: Raw) -> Finding:
    text = str(version.get("gitVersion") or f"{version.get('major')}.{version.get('minor')}")
    minor = "".join(char for char in str(version.get("minor", "")) if char.isdigit())
    if minor and int(minor) >= OLDEST_MINOR:
        return Finding("Kubernetes", OK, text)
    return Finding("Kubernetes", FAIL, text, f"upgrade the cluster to 1.{OLDEST_MINOR} or newer")


def check_definition(name: str, found: Raw | None, wanted: Raw | None) -> Finding:
    """A CRD must be there, served, and know every field that this release knows."""
    check = f"CRD {name}"
    if found is None:
        return Finding(check, FAIL, "not installed", INSTALL)
    conditions = {one["type"]: one["status"] for one in (found.get("status") or {}).get("conditions") or ()}
    if conditions.get("Established") != "True":
        return Finding(check, FAIL, "not established", f"see `kubectl describe crd {name}`: another one has its names")
    served = [version for version in found["spec"]["versions"] if version.get("served")]
    names = ", ".join(version["name"] for version in served)
    if wanted is None:
        return Finding(check, OK, f"established, serves {names}")
    ours = wanted["spec"]["versions"][0]
    theirs = next((version for version in served if version["name"] == ours["name"]), None)
    if theirs is None:
        return Finding(check, FAIL, f"serves {names}", f"apply crds/ of this release, which uses {ours['name']}")
    unknown = list(_unknown("", _schema(ours), _schema(theirs)))
    if unknown:
        shown = ", ".join(unknown[:3]) + (f" and {len(unknown) - 3} more" if len(unknown) > 3 else "")
        return Finding(
            check, WARN, f"does not know {shown}", "it is older than this plugin: apply crds/ of this release"
        )
    return Finding(check, OK, f"established, serves {names}, knows every field of this release")


def check_operator(deployments: Sequence[Raw], release: str) -> Finding:
    if not deployments:
        return Finding("Operator", FAIL, "no Deployment app.kubernetes.io/name=tenure in any namespace", INSTALL)
    raw = deployments[0]
    meta, status = raw["metadata"], raw.get("status") or {}
    where = f"{meta['namespace']}/{meta['name']}"
    if len(deployments) > 1:
        names = ", ".join(f"{one['metadata']['namespace']}/{one['metadata']['name']}" for one in deployments)
        return Finding(
            "Operator",
            WARN,
            f"{len(deployments)} are installed: {names}",
            "uninstall all but one, unless each watches its own namespaces",
        )
    wanted, available = int(raw["spec"].get("replicas", 1)), int(status.get("availableReplicas") or 0)
    if wanted == 0:
        return Finding(
            "Operator",
            FAIL,
            f"{where} is scaled to 0",
            f"kubectl scale -n {meta['namespace']} deployment/{meta['name']} --replicas 1",
        )
    if available < 1:
        return Finding(
            "Operator",
            FAIL,
            f"{where} has no pod that is ready",
            f"kubectl describe pods -n {meta['namespace']} -l app.kubernetes.io/name=tenure",
        )
    version = (meta.get("labels") or {}).get("app.kubernetes.io/version", "")
    if version and version != release:
        return Finding(
            "Operator",
            WARN,
            f"{where} is {version}, this plugin is {release}",
            "use the plugin of the operator's release",
        )
    return Finding("Operator", OK, f"{where}, {available} of {wanted} ready, {version or 'version unknown'}")


def check_answer(answer: str | None) -> Finding:
    """What /readyz of the operator said; None when we may not ask."""
    if answer is None:
        return Finding(
            "Operator answers",
            WARN,
            "you may not ask its pod (pods/proxy)",
            "the Deployment's readiness is all that is known",
        )
    if answer.startswith("error"):
        return Finding("Operator answers", FAIL, answer, "see its log: kubectl logs -n tenure-system deploy/tenure")
    return Finding("Operator answers", OK, "its /readyz is well")


def check_operator_rights(allowed: Mapping[str, bool], namespace: str) -> Finding:
    """`allowed` says for each right in words whether the operator's service account has it."""
    missing = [right for right, has in allowed.items() if not has]
    if not missing:
        return Finding("Operator's rights", OK, f"all {len(allowed)} that it needs in {namespace}")
    shown = "; ".join(missing[:4]) + (f" and {len(missing) - 4} more" if len(missing) > 4 else "")
    fix = "install the chart of its release, or add the namespace to its value watchNamespaces"
    return Finding("Operator's rights", FAIL, f"in {namespace} it may not {shown}", fix)


def check_rights(allowed: Mapping[str, bool]) -> Iterator[Finding]:
    """`allowed` says for each right in words whether the user has it."""
    missing = [right for right, has in allowed.items() if not has]
    needed = [right for right in missing if right.startswith(("get", "list"))]
    if not missing:
        yield Finding("Your rights", OK, f"all {len(allowed)} that the commands need")
    else:
        verdict = FAIL if needed else WARN
        role = "view" if needed else "edit"
        yield Finding(
            "Your rights", verdict, f"you may not {'; '.join(missing)}", f"ask for the role {role} in this namespace"
        )


def check_asking(is_allowed: bool) -> Finding:
    if is_allowed:
        return Finding("Asking pods", OK, "you may: cards and bundles hold what pods counted, and their baselines")
    fix = "only cards and bundles need it (get pods/proxy): the role edit has it"
    return Finding("Asking pods", WARN, "you may not: cards and bundles lack windows and baselines", fix)


def check_storage(classes: Sequence[Raw]) -> Finding:
    default = [
        one["metadata"]["name"]
        for one in classes
        if (one["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) == "true"
    ]
    if len(default) == 1:
        return Finding("Storage", OK, f"StorageClass {default[0]} is the default")
    if default:
        return Finding(
            "Storage", WARN, f"several default classes: {', '.join(default)}", "leave one of them the default"
        )
    known = ", ".join(one["metadata"]["name"] for one in classes) or "none"
    fix = "mark one as default, or set spec.build.artifactStore.claim.storageClassName or .s3 in every model"
    return Finding("Storage", WARN, f"no default StorageClass (there are: {known})", fix)


def check_gateway(is_installed: bool, classes: Sequence[Raw], gateways: Sequence[Raw]) -> Finding:
    """A Gateway that a controller accepted is enough: some controllers never write on their class."""
    only = "only deploy.traffic.gatewayRef needs it"
    if not is_installed:
        fix = f"{only}: install the Gateway API, a controller and a Gateway"
        return Finding("Gateway API", WARN, "not installed", fix)
    accepted = [f"{one['metadata']['namespace']}/{one['metadata']['name']}" for one in gateways if _accepted(one)]
    if accepted:
        more = f" and {len(accepted) - 3} more" if len(accepted) > 3 else ""
        return Finding("Gateway API", OK, f"Gateway {', '.join(accepted[:3])}{more} accepted")
    if gateways:
        named = ", ".join(f"{one['metadata']['namespace']}/{one['metadata']['name']}" for one in gateways[:3])
        fix = f"{only}: see the log of its controller; its gatewayClassName must name a class of that controller"
        return Finding("Gateway API", WARN, f"Gateway {named} is not accepted by a controller", fix)
    if any(_accepted(one) for one in classes):
        return Finding("Gateway API", WARN, "there is no Gateway", f"{only}: create one with an HTTP listener")
    if classes:
        fix = f"{only}: start the controller that its controllerName names, then create a Gateway"
        return Finding("Gateway API", WARN, "no GatewayClass is accepted, and there is no Gateway", fix)
    fix = f"{only}: install a Gateway controller and create a Gateway"
    return Finding("Gateway API", WARN, "there is neither a GatewayClass nor a Gateway", fix)


def check_metrics(is_served: bool) -> Finding:
    if is_served:
        return Finding("Metrics API", OK, "metrics.k8s.io is served")
    return Finding(
        "Metrics API", WARN, "metrics.k8s.io is not served", "only deploy.autoscaling needs it: install metrics-server"
    )


def _accepted(gateway_class: Raw) -> bool:
    conditions = (gateway_class.get("status") or {}).get("conditions") or ()
    return any(one["type"] == "Accepted" and one["status"] == "True" for one in conditions)


def _schema(version: Raw) -> Raw:
    schema: Raw = (version.get("schema") or {}).get("openAPIV3Schema") or {}
    return schema


def _unknown(path: str, ours: Raw, theirs: Raw) -> Iterator[str]:
    """Yield the paths of fields that our schema has and theirs has not."""
    known = theirs.get("properties") or {}
    for name, field in (ours.get("properties") or {}).items():
        if path == "" and name == "metadata":
            continue
        if name not in known:
            yield f"{path}{name}"
            continue
        yield from _unknown(f"{path}{name}.", field, known[name])
        if isinstance(field.get("items"), Mapping):
            yield from _unknown(f"{path}{name}[].", field["items"], known[name].get("items") or {})
