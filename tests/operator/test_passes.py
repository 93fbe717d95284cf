"""Stories of whole passes on a cluster in memory: few writes, in the right order, and nobody else's objects."""

from adapters.bench import KEY, Bench
from tenure.adapters.cluster import Refused

OTHER_RECIPE = "build: {recipe: {parameters: {max_depth: 3}}}"
FOREIGN = {"namespace": "team", "ownerReferences": [{"uid": "somebody-else", "controller": True}]}


async def in_use() -> Bench:
    bench = Bench()
    await bench.deploy()
    assert bench.status["phase"] == "InUse"
    return bench


async def test_a_model_comes_into_use() -> None:
    bench = await in_use()

    assert (bench.status["champion"], bench.reason("Ready"), bench.reason("Reconciling")) == (
        "churn-v1",
        "InUse",
        "absent",
    )
    assert bench.probe.asked == ["10.0.0.7:80"]


async def test_a_pass_over_a_model_in_use_writes_nothing() -> None:
    bench = await in_use()
    before = bench.cluster.writes()

    await bench.run_pass()

    assert bench.cluster.writes() == before


async def test_an_operator_that_starts_anew_writes_nothing() -> None:
    bench = await in_use()
    before = bench.cluster.writes()

    bench.start()
    await bench.run_pass()

    assert bench.cluster.writes() == before


async def test_a_newer_operator_writes_no_pod_anew() -> None:
    bench = await in_use()
    before = [raw["metadata"]["resourceVersion"] for raw in bench.cluster.of_kind("Deployment")]

    bench.start("tenure.dev/runtime:2")
    await bench.settle()

    assert [raw["metadata"]["resourceVersion"] for raw in bench.cluster.of_kind("Deployment")] == before


async def test_facts_are_written_before_what_they_describe() -> None:
    bench = Bench()

    await bench.settle()

    writes = bench.cluster.writes()
    version = writes.index(("apply", "ModelVersion", "churn-v1"))
    job = writes.index(("apply", "Job", "churn-v1-train"))
    assert writes[:version].count(("status", "MLModel", "churn")) >= 2  # the approval, then the number
    assert version < job


async def test_the_result_is_on_the_version_before_anything_serves_it() -> None:
    bench = Bench()
    await bench.settle()
    bench.end_job(1)

    await bench.settle()

    writes = bench.cluster.writes()
    first_pod = writes.index(("apply", "Deployment", "churn-v1"))
    assert ("status", "ModelVersion", "churn-v1") in writes[:first_pod]
    assert bench.cluster.the("ModelVersion", "churn-v1")["status"]["metrics"] == {"accuracy": "0.93"}


async def test_the_status_of_the_model_is_written_last() -> None:
    bench = Bench()
    await bench.run_pass()
    await bench.run_pass()
    before = len(bench.cluster.writes())

    await bench.run_pass()

    assert bench.cluster.writes()[before:][-1] == ("status", "MLModel", "churn")


async def test_users_reach_a_version_only_after_it_answered_the_smoke_test() -> None:
    bench = Bench()
    await bench.settle()
    bench.end_job(1)
    await bench.settle()

    assert ("Service", "team", "churn") not in bench.cluster.objects


async def test_a_finished_job_that_is_cleaned_up_is_not_run_again() -> None:
    bench = await in_use()
    job = bench.cluster.objects.pop(("Job", "team", "churn-v1-train"))
    bench.store.remove(job)

    await bench.settle()

    assert bench.cluster.of_kind("Job") == []


async def test_a_foreign_service_in_our_place_is_not_touched() -> None:
    bench = Bench()
    foreign = bench.cluster.put({"kind": "Service", "metadata": {**FOREIGN, "name": "churn"}, "spec": {}})

    await bench.deploy()

    assert bench.cluster.the("Service", "churn") == foreign
    assert bench.reason("Stalled") == "NameConflict"


async def test_a_foreign_object_without_our_labels_is_seen_too() -> None:
    bench = Bench()
    foreign = bench.cluster.put({"kind": "Job", "metadata": {**FOREIGN, "name": "churn-v1-train"}, "spec": {}})
    bench.watch = lambda: bench.store.put(bench.model) and None  # type: ignore[method-assign]

    for _ in range(8):
        await bench.run_pass()

    assert bench.cluster.the("Job", "churn-v1-train") == foreign
    assert bench.reason("Stalled") == "NameConflict"


async def test_a_name_conflict_that_is_resolved_goes_on_by_itself() -> None:
    bench = Bench()
    foreign = bench.cluster.put({"kind": "Job", "metadata": {**FOREIGN, "name": "churn-v1-train"}, "spec": {}})
    await bench.settle()
    del bench.cluster.objects["Job", "team", "churn-v1-train"]
    bench.store.remove(foreign)

    await bench.deploy()

    assert bench.status["phase"] == "InUse"


async def test_what_the_cluster_refuses_is_told_in_its_own_words() -> None:
    bench = Bench()
    bench.cluster.refuse["Job"] = Refused(403, "exceeded quota: jobs=0")

    await bench.settle()

    assert bench.reason("Stalled") == "ClusterRefused"
    stalled = next(c for c in bench.status["conditions"] if c["type"] == "Stalled")
    assert "exceeded quota: jobs=0" in stalled["message"]


async def test_a_refusal_is_tried_again_later_and_not_at_once() -> None:
    bench = Bench()
    bench.cluster.refuse["Job"] = Refused(403, "exceeded quota: jobs=0")
    await bench.settle()

    assert await bench.run_pass() == 30.0


async def test_a_refusal_that_is_over_goes_on_by_itself() -> None:
    bench = Bench()
    bench.cluster.refuse["Job"] = Refused(403, "exceeded quota: jobs=0")
    await bench.settle()

    bench.cluster.refuse.clear()
    await bench.deploy()

    assert bench.status["phase"] == "InUse"


async def test_nothing_is_written_for_a_model_that_is_being_deleted() -> None:
    bench = await in_use()
    meta = {**bench.model["metadata"], "deletionTimestamp": "2026-03-01T13:00:00Z"}
    bench.cluster.put({**bench.model, "metadata": meta})
    before = bench.cluster.writes()

    await bench.run_pass()

    assert bench.cluster.writes() == before


async def test_a_model_that_is_gone_needs_no_pass() -> None:
    bench = Bench()
    del bench.cluster.objects["MLModel", *KEY]

    assert await bench.reconciler.reconcile(KEY) is None
    assert bench.cluster.writes() == []


async def test_a_child_somebody_changed_is_put_right() -> None:
    bench = await in_use()
    deployment = bench.cluster.the("Deployment", "churn-v1")
    bench.cluster.put({**deployment, "spec": {**deployment["spec"], "replicas": 0}})

    await bench.settle()

    assert bench.cluster.the("Deployment", "churn-v1")["spec"]["replicas"] == 1


async def test_a_child_somebody_deleted_is_made_again() -> None:
    bench = await in_use()
    bench.store.remove(bench.cluster.objects.pop(("Service", "team", "churn")))

    await bench.settle()

    assert ("Service", "team", "churn") in bench.cluster.objects


async def test_a_field_the_user_takes_away_goes_from_the_child() -> None:
    bench = Bench("deploy: {nodeSelector: {disk: fast}}")
    await bench.deploy()

    bench.declare()
    await bench.settle()

    template = bench.cluster.the("Deployment", "churn-v1")["spec"]["template"]
    assert "nodeSelector" not in template["spec"]


async def test_a_promotion_writes_no_pod_anew() -> None:
    bench = await in_use()
    bench.declare(OTHER_RECIPE)
    await bench.settle()
    bench.end_job(2)
    await bench.settle()
    template = bench.cluster.the("Deployment", "churn-v2")["spec"]["template"]

    await bench.deploy(2)

    assert bench.status["champion"] == "churn-v2"
    assert bench.cluster.the("Deployment", "churn-v2")["spec"]["template"] == template


async def test_a_rejected_first_version_leaves_no_pods() -> None:
    bench = Bench("build: {requirements: [{metric: accuracy, min: 0.99}]}")

    await bench.deploy()

    assert bench.reason("Stalled") == "RequirementsNotMet"
    assert bench.cluster.of_kind("Deployment") == []


async def test_a_suspended_model_gets_no_write_but_its_status() -> None:
    bench = await in_use()
    bench.declare("{suspend: true}")
    before = len(bench.cluster.writes())

    await bench.settle()

    assert {call[:2] for call in bench.cluster.writes()[before:]} <= {("status", "MLModel"), ("status", "ModelVersion")}
    assert bench.status["phase"] == "Suspended"


async def test_a_spec_nobody_can_use_stalls_and_touches_no_child() -> None:
    bench = await in_use()
    bench.declare("build: {requirements: [{metric: accuracy, min: high}]}")
    before = len(bench.cluster.writes())

    await bench.settle()

    assert bench.reason("Stalled") == "InvalidSpec"
    assert bench.reason("Ready") == "InUse"
    assert {call[0] for call in bench.cluster.writes()[before:]} == {"status"}


async def test_each_change_of_reason_is_told_once() -> None:
    bench = await in_use()

    assert all(raw["count"] == 1 for raw in bench.cluster.of_kind("Event"))
    assert ("Normal", "Approved") in bench.events()


async def test_a_failure_is_told_as_a_warning() -> None:
    bench = Bench("build: {requirements: [{metric: accuracy, min: 0.99}]}")

    await bench.deploy()

    assert ("Warning", "RequirementsNotMet") in bench.events()


async def test_a_good_life_has_no_warning() -> None:
    bench = await in_use()

    assert {kind for kind, _ in bench.events()} == {"Normal"}


async def test_a_pass_that_breaks_at_any_write_is_finished_by_the_next_ones() -> None:
    smooth = await in_use()
    total = len(smooth.cluster.calls)

    for broken in range(1, total, 5):
        bench = Bench()
        cut_off(bench, broken)
        for step in (bench.settle, *[lambda bench=bench: goes_on(bench)] * 8):
            await survive(bench, step)
        assert (bench.status["champion"], bench.status["highestVersion"]) == ("churn-v1", 1), broken
        assert len(bench.cluster.of_kind("Job")) == 1, broken


class Broken(Exception):
    """The connection is gone in the middle of a pass."""


def cut_off(bench: Bench, after: int) -> None:
    """Break the call of this number, once, before it has any effect."""
    calls = bench.cluster.calls

    class Cut(list[tuple[str, str, str]]):
        def append(self, call: tuple[str, str, str]) -> None:
            super().append(call)
            if len(self) == after:
                raise Broken

    bench.cluster.calls = Cut(calls)


async def survive(bench: Bench, step: object) -> None:
    """Do a step of the story; when the operator breaks, it starts anew."""
    for _ in range(2):
        try:
            await step()  # type: ignore[operator]
        except Broken:
            bench.start()
        else:
            return


async def goes_on(bench: Bench) -> None:
    """The cluster does its part, then the operator its own."""
    if bench.cluster.of_kind("Job") and not bench.cluster.of_kind("Pod"):
        bench.end_job(1)
    bench.make_ready()
    await bench.settle()


def bring(bench: Bench, model: str = "churn", number: int = 7) -> None:
    """A person creates a version for a model that was trained elsewhere."""
    artifact = {"uri": "s3://models/model.skops", "digest": "sha256:" + "cd" * 32}
    bench.cluster.put(
        {
            "apiVersion": "tenure.dev/v1alpha1",
            "kind": "ModelVersion",
            "metadata": {"namespace": "team", "name": f"{model}-v{number}"},
            "spec": {
                "modelRef": {"name": model},
                "version": number,
                "source": {"trigger": "Imported"},
                "artifact": artifact,
            },
        }
    )


def told(bench: Bench, name: str) -> tuple[str, str]:
    conditions = bench.cluster.the("ModelVersion", name)["status"]["conditions"]
    return next((c["reason"], c["message"]) for c in conditions if c["type"] == "Ready")


async def test_a_version_whose_model_does_not_exist_is_told_so_once() -> None:
    bench = Bench()
    bring(bench, "nowhere")
    bench.watch()

    await bench.reconciler.reconcile(("team", "nowhere"))
    writes = bench.cluster.writes()
    await bench.reconciler.reconcile(("team", "nowhere"))

    assert told(bench, "nowhere-v7")[0] == "ModelAbsent"
    assert "there is no MLModel nowhere" in told(bench, "nowhere-v7")[1]
    assert bench.cluster.writes() == writes


async def test_nothing_but_the_status_of_what_a_person_brought_is_written() -> None:
    bench = await in_use()
    bring(bench)
    before = len(bench.cluster.writes())

    await bench.settle()

    assert {verb for verb, kind, name in bench.cluster.writes()[before:] if name == "churn-v7"} == {"status"}
    assert ("apply", "Job", "churn-v7-evaluate") in bench.cluster.writes()[before:]
    assert "ownerReferences" not in bench.cluster.the("ModelVersion", "churn-v7")["metadata"]


async def test_a_champion_s_version_that_is_deleted_is_made_again_with_its_number_and_numbers() -> None:
    bench = await in_use()
    before = bench.cluster.objects.pop(("ModelVersion", "team", "churn-v1"))
    bench.store.remove(before)

    await bench.settle()

    again = bench.cluster.the("ModelVersion", "churn-v1")
    assert again["metadata"]["uid"] != before["metadata"]["uid"]
    assert again["status"]["metrics"] == before["status"]["metrics"]
    assert again["status"]["role"] == "champion"
    assert ("Warning", "VersionRestored") in bench.events()
    assert [raw["metadata"]["name"] for raw in bench.cluster.of_kind("Job")] == ["churn-v1-train"]


async def test_who_changed_the_spec_is_told_by_its_field_manager() -> None:
    bench = await in_use()
    bench.declare(OTHER_RECIPE)
    times = {"kubectl-tenure": "2026-03-01T12:30:00Z", "git": "2026-03-01T12:00:00Z"}
    fields = [{"manager": who, "time": at, "fieldsV1": {"f:spec": {}}} for who, at in times.items()]
    status = {"manager": "tenure-status", "time": "2026-03-01T13:00:00Z", "subresource": "status"}
    meta = {**bench.model["metadata"], "managedFields": [*fields, status]}
    bench.cluster.put({**bench.model, "metadata": meta})

    await bench.run_pass()

    assert bench.status["trail"][-1]["actor"] == "applied by kubectl-tenure"
