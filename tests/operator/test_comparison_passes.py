"""Stories of the comparing Job in whole passes: told apart from the training, read once, never asked again."""

from decimal import Decimal

import pytest

from adapters.bench import Bench
from tenure.contract.comparison import Freshness, Measured, Report, dumps
from tenure.core.names import comparison_job_name

JOB = comparison_job_name("churn", 2, 1, "accuracy")
RULE = """
build:
  recipe: {parameters: {max_iter: 50}}
  champion: {metric: accuracy, direction: HigherIsBetter, minDelta: "0.01"}
"""


def said(champion: str, challenger: str) -> str:
    gain = int((Decimal(challenger) - Decimal(champion)) * 1000)
    measured = Measured("accuracy", Decimal(champion), Decimal(challenger), max(0, -gain), max(0, gain))
    return dumps(Report(1000, Freshness.EXACT, (measured,)))


async def a_comparison() -> Bench:
    """Version 1 serves, version 2 is trained, and the two meet."""
    bench = Bench()
    await bench.deploy()
    bench.declare(RULE)
    await bench.settle()
    bench.end_job(2)
    await bench.settle()
    return bench


async def test_the_comparing_job_is_no_training() -> None:
    bench = await a_comparison()

    job = bench.cluster.the("Job", JOB)

    assert job["metadata"]["labels"]["app.kubernetes.io/component"] == "comparer"
    version = bench.cluster.the("ModelVersion", "churn-v2")["status"]
    assert (version["phase"], version["comparison"]["reason"]) == ("Testing", "Comparing")
    assert [(run["name"], run["step"]) for run in version["jobs"]] == [("churn-v2-train", "train"), (JOB, "compare")]


async def test_a_winner_is_rolled_out_and_a_restart_asks_nothing_again() -> None:
    bench = await a_comparison()
    bench.end(JOB, said("0.90", "0.95"))
    await bench.settle()
    bench.start()
    for _ in range(6):
        bench.make_ready()
        await bench.settle()

    assert bench.status["champion"] == "churn-v2"
    assert len([job for job in bench.cluster.of_kind("Job") if job["metadata"]["name"] == JOB]) == 1
    assert bench.cluster.the("ModelVersion", "churn-v2")["status"]["comparison"]["verdict"] == "Pass"


async def test_a_loser_is_told_in_an_event_and_writes_nothing_any_more() -> None:
    bench = await a_comparison()
    bench.end(JOB, said("0.95", "0.90"))
    await bench.settle()
    changes = bench.cluster.changes

    await bench.run_pass()

    assert bench.cluster.changes == changes
    assert ("Warning", "ComparisonLost") in bench.events()
    assert (bench.status["champion"], bench.reason("ComparisonPassed")) == ("churn-v1", "ComparisonLost")


async def test_the_words_of_a_comparing_pod_the_watch_has_not_shown_yet_are_asked_for() -> None:
    bench = await a_comparison()
    bench.end(JOB, said("0.90", "0.95"))
    pods = [pod for pod in bench.cluster.of_kind("Pod") if pod["metadata"]["name"].startswith(JOB)]
    show_all = bench.watch

    def show_all_but_the_pod() -> None:
        show_all()
        bench.store.remove(pods[0])

    bench.watch = show_all_but_the_pod  # type: ignore[method-assign]

    await bench.run_pass()

    assert ("list", "Pod", f"batch.kubernetes.io/job-name={JOB}") in bench.cluster.calls


async def test_the_report_outlives_its_job() -> None:
    bench = await a_comparison()
    bench.end(JOB, said("0.95", "0.90"))
    await bench.settle()
    bench.cluster.objects.pop(("Job", "team", JOB))

    await bench.settle()

    assert bench.reason("ComparisonPassed") == "ComparisonLost"


@pytest.mark.parametrize("name", ["churn", "a-model-with-a-name-that-is-so-very-long-that-it-must-be-cut-somewhere"])
def test_a_comparing_job_s_name_fits_kubernetes(name: str) -> None:
    names = {comparison_job_name(name, 12, champion, metric) for champion in (3, 11) for metric in ("f1", "roc_auc")}

    assert len(names) == 4
    assert all(len(job) <= 63 for job in names)
