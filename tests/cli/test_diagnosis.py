"""What the doctor concludes."""

from typing import Any

import pytest

from tenure.api.crd import custom_resource_definitions
from tenure.cli.diagnosis import (
    FAIL,
    OK,
    WARN,
    check_answer,
    check_asking,
    check_definition,
    check_gateway,
    check_operator,
    check_operator_rights,
    check_rights,
    check_storage,
    check_version,
)

NAME = "mlmodels.tenure.dev"
WANTED = custom_resource_definitions()["tenure.dev_mlmodels.yaml"]
ESTABLISHED = {"conditions": [{"type": "Established", "status": "True"}]}


def definition(**changes: Any) -> dict[str, Any]:
    return {**custom_resource_definitions()["tenure.dev_mlmodels.yaml"], "status": ESTABLISHED, **changes}


def test_a_definition_of_this_release_is_well() -> None:
    assert check_definition(NAME, definition(), WANTED).verdict == OK


def test_a_missing_definition_says_how_to_install() -> None:
    finding = check_definition(NAME, None, WANTED)

    assert (finding.verdict, "helm upgrade --install" in finding.fix) == (FAIL, True)


def test_an_older_definition_is_told_by_the_fields_it_does_not_know() -> None:
    old = definition()
    schema = old["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    del schema["properties"]["monitor"]
    del schema["properties"]["deploy"]["properties"]["env"]["items"]["properties"]["value"]

    finding = check_definition(NAME, old, WANTED)

    assert (finding.verdict, finding.found) == (WARN, "does not know spec.deploy.env[].value, spec.monitor")


def test_a_definition_whose_names_are_taken_is_not_established() -> None:
    taken = definition(status={"conditions": [{"type": "Established", "status": "False"}]})

    assert check_definition(NAME, taken, WANTED).verdict == FAIL


def deployment(name: str = "tenure", replicas: int = 1, available: int = 1, version: str = "1") -> dict[str, Any]:
    labels = {"app.kubernetes.io/version": version}
    return {
        "metadata": {"name": name, "namespace": "tenure-system", "labels": labels},
        "spec": {"replicas": replicas},
        "status": {"availableReplicas": available},
    }


@pytest.mark.parametrize(
    ("deployments", "verdict", "words"),
    [
        ([], FAIL, "no Deployment"),
        ([deployment()], OK, "1 of 1 ready"),
        ([deployment(available=0)], FAIL, "no pod that is ready"),
        ([deployment(replicas=0, available=0)], FAIL, "scaled to 0"),
        ([deployment(version="0")], WARN, "is 0, this plugin is 1"),
        ([deployment(), deployment("second")], WARN, "2 are installed"),
    ],
)
def test_the_operator_is_there_once_and_ready(deployments: list[dict[str, Any]], verdict: str, words: str) -> None:
    finding = check_operator(deployments, "1")

    assert (finding.verdict, words in finding.found, bool(finding.fix)) == (verdict, True, verdict != OK)


@pytest.mark.parametrize(("answer", "verdict"), [("ok", OK), (None, WARN), ("error 500: down", FAIL)])
def test_what_the_operator_answers(answer: str | None, verdict: str) -> None:
    assert check_answer(answer).verdict == verdict


@pytest.mark.parametrize(
    ("missing", "verdict", "role"),
    [("get mlmodels.tenure.dev", FAIL, "view"), ("patch mlmodels.tenure.dev", WARN, "edit")],
)
def test_rights_that_are_missing_name_the_role_to_ask_for(missing: str, verdict: str, role: str) -> None:
    (finding,) = check_rights({"list configmaps": True, missing: False})

    assert (finding.verdict, missing in finding.found, role in finding.fix) == (verdict, True, True)


def storage_class(name: str, is_default: bool) -> dict[str, Any]:
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"} if is_default else {}
    return {"metadata": {"name": name, "annotations": annotations}}


@pytest.mark.parametrize(
    ("defaults", "verdict"), [((True, False), OK), ((False, False), WARN), ((True, True), WARN), ((), WARN)]
)
def test_one_storage_class_is_the_default(defaults: tuple[bool, ...], verdict: str) -> None:
    assert check_storage([storage_class(str(i), one) for i, one in enumerate(defaults)]).verdict == verdict


def gateway_object(status: str, namespace: str = "") -> dict[str, Any]:
    meta = {"name": "public", "namespace": namespace} if namespace else {"name": "contour"}
    return {"metadata": meta, "status": {"conditions": [{"type": "Accepted", "status": status}]}}


@pytest.mark.parametrize(
    ("is_installed", "classes", "gateways", "verdict", "fix"),
    [
        (False, [], [], WARN, "install the Gateway API"),
        (True, [], [], WARN, "install a Gateway controller"),
        (True, ["Unknown"], [], WARN, "start the controller"),
        (True, ["True"], [], WARN, "create one with an HTTP listener"),
        (True, ["True"], ["Unknown"], WARN, "log of its controller"),
        (True, ["Unknown"], ["True"], OK, ""),
        (True, ["True"], ["Unknown", "True"], OK, ""),
    ],
)
def test_the_gateway_api_is_only_worth_knowing_of_and_each_lack_says_what_to_do(
    is_installed: bool, classes: list[str], gateways: list[str], verdict: str, fix: str
) -> None:
    found = check_gateway(
        is_installed, [gateway_object(one) for one in classes], [gateway_object(one, "infra") for one in gateways]
    )

    assert (found.verdict, fix in found.fix) == (verdict, True)


@pytest.mark.parametrize(("minor", "verdict"), [("30", FAIL), ("31", OK), ("35+", OK)])
def test_old_clusters_are_told(minor: str, verdict: str) -> None:
    assert check_version({"major": "1", "minor": minor}).verdict == verdict


def test_an_operator_that_lacks_a_right_is_told_by_name_with_what_to_do() -> None:
    allowed = {"create jobs.batch": False, "patch services": True}

    found = check_operator_rights(allowed, "crm")

    assert (found.verdict, found.found) == (FAIL, "in crm it may not create jobs.batch")
    assert "watchNamespaces" in found.fix
    assert check_operator_rights({"create jobs.batch": True}, "crm").verdict == OK


def test_who_may_not_ask_pods_learns_what_is_missing_then() -> None:
    assert check_asking(is_allowed=True).verdict == OK
    assert "lack windows and baselines" in check_asking(is_allowed=False).found
