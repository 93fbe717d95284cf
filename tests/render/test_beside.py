"""Stories of what serves a version beside the champion, and of the pods the autoscaler reckons with."""

from dataclasses import replace

from core.stories import a_model, in_use, pods, trained, walking
from render.specs import declared, with_result
from tenure.core.facts import Observation, VersionPhase
from tenure.core.memory import Stage
from tenure.core.names import BESIDE
from tenure.core.policy import decide
from tenure.render.serving import render_deployment, render_model_service
from tenure.render.status import render_status


def selects(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return selector.items() <= labels.items()


def test_the_pods_beside_are_made_like_those_of_users_under_another_name_and_label() -> None:
    model = declared()
    users, beside = (render_deployment(model, with_result(model), 1, *extra) for extra in ((), (BESIDE,)))

    assert (users["metadata"]["name"], beside["metadata"]["name"]) == ("churn-v1", "churn-v1-beside")
    assert users["spec"]["template"]["spec"]["containers"] == beside["spec"]["template"]["spec"]["containers"]
    assert selects(beside["spec"]["selector"]["matchLabels"], beside["spec"]["template"]["metadata"]["labels"])


def test_neither_the_deployment_nor_the_service_of_users_selects_a_pod_beside() -> None:
    model = declared()
    labels = render_deployment(model, with_result(model), 1, BESIDE)["spec"]["template"]["metadata"]["labels"]
    users = render_deployment(model, with_result(model), 1)["spec"]["selector"]["matchLabels"]

    assert not selects(users, labels)
    for traffic in ((1,), (1, 2)):
        assert not selects(render_model_service(model, traffic)["spec"]["selector"], labels)


def scale_selector(seen: Observation) -> str:
    return str(render_status(seen, decide(seen), {})["selector"])


def test_the_autoscaler_does_not_reckon_with_the_previous_version_that_is_only_kept_warm() -> None:
    model = a_model(replicas=2)
    seen = in_use(model, 2)
    old = trained(model, 1, phase=VersionPhase.SUPERSEDED, build_hash="another")
    warm = replace(
        seen,
        versions={**seen.versions, 1: old},
        memory=replace(seen.memory, previous=1),
        deployments={**seen.deployments, 1: pods(1)},
    )

    assert scale_selector(warm) == "app.kubernetes.io/component=server,tenure.dev/model=churn,tenure.dev/version=2"


def test_while_two_versions_answer_users_the_autoscaler_reckons_with_both() -> None:
    model = a_model(replicas=2)
    seen = in_use(model, 1)
    split = replace(
        seen,
        versions={**seen.versions, 2: trained(model, 2, phase=VersionPhase.DEPLOYING)},
        memory=replace(seen.memory, rollout=walking(2, Stage.SHIFT), highest_version=2),
        deployments={1: pods(1), 2: pods(1)},
    )

    assert scale_selector(split) == "app.kubernetes.io/component=server,tenure.dev/model=churn"
