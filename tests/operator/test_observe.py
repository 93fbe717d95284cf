"""Stories of observing: what Jobs, Deployments, pods and Events say becomes facts, in the cluster's own words."""

import json
from typing import Any

import pytest

from adapters.bench import Bench
from tenure.api.observed import parse_deployment, parse_job, selected_version, version_of
from tenure.api.troubles import find_refusal, find_trouble, find_trouble_in_events, sort_message
from tenure.core.facts import Progress, Trouble
from tenure.core.reasons import Reason


def a_pod(*containers: dict[str, Any], born: str = "2026-03-01T12:00:00Z", **status: Any) -> dict[str, Any]:
    meta = {"name": "x", "creationTimestamp": born}
    return {"metadata": meta, "status": {"containerStatuses": list(containers), **status}}


def waiting(reason: str, message: str = "", name: str = "main", **more: Any) -> dict[str, Any]:
    return {"name": name, "image": "team/train:1", "state": {"waiting": {"reason": reason, "message": message}}, **more}


def ended(code: int, message: str = "", reason: str = "Error", name: str = "main", **more: Any) -> dict[str, Any]:
    state = {"terminated": {"exitCode": code, "message": message, "reason": reason}}
    return {"name": name, "state": state, "restartCount": 0, **more}


def unscheduled(message: str) -> dict[str, Any]:
    return a_pod(conditions=[{"type": "PodScheduled", "status": "False", "message": message}])


CRASHED = {"lastState": {"terminated": {"exitCode": 1, "message": "line one\nValueError: no rows"}}, "restartCount": 3}


@pytest.mark.parametrize(
    ("pod", "reason", "said"),
    [
        (a_pod(waiting("ImagePullBackOff", "no such host")), Reason.IMAGE_PULL_BACK_OFF, "team/train:1"),
        (a_pod(waiting("ErrImagePull", "not found")), Reason.IMAGE_PULL_BACK_OFF, "not found"),
        (a_pod(waiting("InvalidImageName", "bad")), Reason.IMAGE_PULL_BACK_OFF, "bad"),
        (unscheduled("0/1 nodes are available: 1 Insufficient cpu."), Reason.UNSCHEDULABLE, "Insufficient cpu"),
        (unscheduled("pod has unbound immediate PersistentVolumeClaims"), Reason.CLAIM_PENDING, "unbound"),
        (unscheduled('persistentvolumeclaim "models" not found'), Reason.CLAIM_MISSING, "models"),
        (a_pod(waiting("CreateContainerConfigError", 'secret "s3" not found')), Reason.SECRET_MISSING, "s3"),
        (a_pod(waiting("CreateContainerConfigError", 'configmap "c" not found')), Reason.CONFIG_MAP_MISSING, '"c"'),
        (a_pod(waiting("RunContainerError", "exec format error")), Reason.CONTAINER_NOT_STARTED, "exec format error"),
        (a_pod(ended(137, reason="OOMKilled")), Reason.OOM_KILLED, "resources.limits.memory"),
        (a_pod(waiting("CrashLoopBackOff", **CRASHED)), Reason.CRASH_LOOP, "code 1: ValueError: no rows"),
        (a_pod(reason="Evicted", message="low on disk"), Reason.CONTAINER_NOT_STARTED, "low on disk"),
    ],
)
def test_the_trouble_of_a_pod_is_named_and_told_in_the_cluster_s_words(
    pod: dict[str, Any], reason: Reason, said: str
) -> None:
    trouble = find_trouble([pod])

    assert trouble is not None
    assert trouble.reason is reason
    assert said in trouble.message


@pytest.mark.parametrize(
    "pod",
    [
        a_pod(),
        a_pod(waiting("ContainerCreating")),
        a_pod(waiting("PodInitializing")),
        a_pod({"name": "main", "state": {"running": {}}}),
        a_pod(ended(0, reason="Completed")),
        {"metadata": {"name": "new"}},
    ],
)
def test_a_pod_that_starts_or_runs_has_no_trouble(pod: dict[str, Any]) -> None:
    assert find_trouble([pod]) is None


def test_the_newest_pod_speaks_first() -> None:
    old = a_pod(waiting("ImagePullBackOff"), born="2026-03-01T10:00:00Z")
    new = a_pod(ended(137, reason="OOMKilled"), born="2026-03-01T11:00:00Z")

    trouble = find_trouble([old, new])

    assert trouble is not None
    assert trouble.reason is Reason.OOM_KILLED


def test_a_pod_that_is_leaving_has_no_say() -> None:
    pod = a_pod(waiting("ImagePullBackOff"))
    pod["metadata"]["deletionTimestamp"] = "2026-03-01T12:00:00Z"

    assert find_trouble([pod]) is None


def test_a_trouble_before_the_main_container_counts_too() -> None:
    pod = a_pod(initContainerStatuses=[waiting("ImagePullBackOff", name="fetch")])

    assert find_trouble([pod]) is not None


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("pods is forbidden: exceeded quota: small, requested: pods=1", Reason.QUOTA_EXCEEDED),
        ('violates PodSecurity "restricted:latest"', Reason.POD_FORBIDDEN),
        ("admission webhook denied the request", Reason.POD_FORBIDDEN),
        ('MountVolume.SetUp failed for volume "x"', Reason.VOLUME_NOT_MOUNTED),
        ("something unheard of", Reason.CRASH_LOOP),
    ],
)
def test_a_message_is_sorted_by_what_it_names(message: str, reason: Reason) -> None:
    assert sort_message(message, Reason.CRASH_LOOP) == Trouble(reason, message)


def test_a_very_long_message_is_cut() -> None:
    assert len(sort_message("word " * 1000, Reason.CRASH_LOOP).message) <= 400


def an_event(message: str, at: str, kind: str = "Warning", reason: str = "Failed") -> dict[str, Any]:
    return {"type": kind, "reason": reason, "message": message, "lastTimestamp": at, "metadata": {}}


def test_the_newest_warning_tells_the_trouble() -> None:
    events = [
        an_event("exceeded quota: small", "2026-03-01T12:00:05Z", reason="FailedCreate"),
        an_event("0/1 nodes", "2026-03-01T12:00:01Z", reason="FailedScheduling"),
        an_event("all is well", "2026-03-01T12:00:09Z", kind="Normal"),
    ]

    trouble = find_trouble_in_events(events)

    assert trouble == Trouble(Reason.QUOTA_EXCEEDED, "exceeded quota: small")


def test_without_a_warning_there_is_no_trouble() -> None:
    assert find_trouble_in_events([an_event("pulled", "2026-03-01T12:00:00Z", kind="Normal")]) is None


def a_job(*conditions: dict[str, Any], **status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "j"}, "status": {"conditions": list(conditions), **status}}


def test_a_job_without_an_end_runs() -> None:
    assert parse_job({"metadata": {"name": "j"}}, []).progress is Progress.RUNNING


def test_a_job_that_is_about_to_end_still_runs() -> None:
    target = {"type": "SuccessCriteriaMet", "status": "True"}

    assert parse_job(a_job(target), []).progress is Progress.RUNNING


def test_a_job_that_is_complete_gives_the_words_of_its_newest_pod() -> None:
    first = a_pod(ended(1, "first try"), born="2026-03-01T10:00:00Z")
    second = a_pod(ended(0, "second try"), born="2026-03-01T11:00:00Z")

    facts = parse_job(a_job({"type": "Complete", "status": "True"}), [first, second])

    assert (facts.progress, facts.termination) == (Progress.SUCCEEDED, "second try")


def test_a_job_whose_pods_are_gone_has_no_words() -> None:
    assert parse_job(a_job({"type": "Complete", "status": "True"}), []).termination is None


def test_a_side_car_s_words_are_not_the_job_s() -> None:
    pod = a_pod(ended(0, "mesh", name="proxy"), ended(0, "mine"))

    assert parse_job(a_job({"type": "Complete", "status": "True"}), [pod]).termination == "mine"


def test_a_failed_job_says_why() -> None:
    failed = {"type": "Failed", "status": "True", "reason": "DeadlineExceeded", "message": "too long"}

    facts = parse_job(a_job(failed), [])

    assert (facts.progress, facts.message) == (Progress.FAILED, "DeadlineExceeded: too long")


def a_deployment(generation: int = 2, **status: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "d", "generation": generation},
        "spec": {"replicas": 2},
        "status": {"observedGeneration": 2, **status},
    }


WHOLE = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


def test_a_whole_deployment_is_settled() -> None:
    facts = parse_deployment(a_deployment(**WHOLE), [])

    assert (facts.desired, facts.available, facts.ready, facts.settled) == (2, 2, 2, True)


def test_a_deployment_whose_newest_spec_is_not_seen_yet_is_not_settled() -> None:
    assert not parse_deployment(a_deployment(generation=3, **WHOLE), []).settled


def test_pods_of_an_older_template_are_available_and_not_ready() -> None:
    facts = parse_deployment(a_deployment(replicas=3, updatedReplicas=1, availableReplicas=2), [])

    assert (facts.available, facts.ready, facts.settled) == (2, 0, False)


def test_a_deployment_that_may_make_no_pods_says_why() -> None:
    refused = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: small"}

    facts = parse_deployment(a_deployment(conditions=[refused]), [])

    assert facts.trouble == Trouble(Reason.QUOTA_EXCEEDED, "exceeded quota: small")


def test_a_deployment_nobody_has_looked_at_yet_has_no_pods() -> None:
    facts = parse_deployment({"metadata": {"name": "d", "generation": 1}, "spec": {"replicas": 2}}, [])

    assert (facts.exists, facts.available, facts.settled) == (True, 0, False)


REFUSAL = json.dumps({"error": {"reason": "ArtifactDigestMismatch", "message": "not what was built"}})


def test_a_server_that_refuses_its_artifact_is_believed() -> None:
    pod = a_pod(initContainerStatuses=[ended(2, REFUSAL, name="fetch")])

    assert find_refusal([pod]) == "ArtifactDigestMismatch: not what was built"


@pytest.mark.parametrize("container", [ended(1, REFUSAL), ended(2, "usage: serve"), ended(2, ""), ended(0, REFUSAL)])
def test_any_other_end_is_no_refusal(container: dict[str, Any]) -> None:
    assert find_refusal([a_pod(container)]) == ""


@pytest.mark.parametrize(
    ("labels", "number"),
    [({"tenure.dev/version": "3"}, 3), ({}, None), (None, None), ({"tenure.dev/version": "x"}, None)],
)
def test_a_child_s_version_is_read_from_its_label(labels: object, number: int | None) -> None:
    assert version_of({"metadata": {"labels": labels}}) == number


def test_a_service_that_selects_both_versions_selects_no_single_one() -> None:
    assert selected_version({"spec": {"selector": {"tenure.dev/model": "churn"}}}) is None
    assert selected_version({"spec": {"selector": {"tenure.dev/version": "2"}}}) == 2
    assert selected_version(None) is None


async def test_the_model_itself_is_read_afresh_at_every_pass() -> None:
    bench = Bench()
    await bench.run_pass()
    bench.declare("{suspend: true}")
    bench.watch = lambda: None  # type: ignore[method-assign]  # the watch is silent

    await bench.run_pass()

    assert bench.status["phase"] == "Suspended"


async def test_the_words_of_a_pod_the_watch_has_not_shown_yet_are_asked_for() -> None:
    bench = Bench()
    await bench.settle()
    bench.end_job(1)
    pod = bench.cluster.of_kind("Pod")[0]
    show_all = bench.watch

    def show_all_but_the_pod() -> None:
        show_all()
        bench.store.remove(pod)

    bench.watch = show_all_but_the_pod  # type: ignore[method-assign]

    await bench.run_pass()

    assert ("list", "Pod", "batch.kubernetes.io/job-name=churn-v1-train") in bench.cluster.calls
