"""The demonstration of the loop: its world really turns, each change is told once, and the report stands alone."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from typing import Any

from showing.loop_chronicle import Chronicle, Moment, birth, changes, clock, comparison_text
from showing.loop_plots import PANELS, draw_lanes, draw_panel
from showing.loop_readings import Sample, read_samples
from showing.loop_report import render_report
from showing.loop_world import CALM, LOST, REPAID, TURNED, World, draw, render_model, render_questions, render_table

from tenure.api.parsing import parse_model
from tenure.contract.baseline import Baseline, Kind, Profile, Validated
from tenure.contract.window import Feedback, Window


def signal(name: str = "dataDrift", **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "DataDrift", "breached": False, "verdict": "Inconclusive", "message": "", **more}


def status(**more: Any) -> dict[str, Any]:
    return {"phase": "InUse", "champion": "loans-v1", "metric": "accuracy 0.95 >= 0.80", **more}


def told(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str]]:
    return [(moment.mark, moment.what) for moment in changes(before, after, 12.0)]


def safe_by_the_old_rule(world: World) -> float:
    """How often the rule of the calm world (much income, small loan) tells the truth in a world."""
    loans = draw(world, 4000, seed=3)
    rule = [REPAID if (row[0] - CALM.income) / 0.9 > (row[1] - CALM.amount) / 6.0 else LOST for row, _ in loans]
    return sum(said == outcome for said, (_, outcome) in zip(rule, loans, strict=True)) / len(loans)


def test_what_was_right_in_the_calm_world_is_wrong_in_the_turned_one() -> None:
    assert safe_by_the_old_rule(CALM) > 0.85
    assert safe_by_the_old_rule(TURNED) < 0.6


def test_both_worlds_have_both_outcomes_and_only_the_turned_ones_inputs_moved() -> None:
    for world in (CALM, TURNED):
        repaid = sum(outcome == REPAID for _, outcome in draw(world, 4000, seed=1)) / 4000
        assert 0.3 < repaid < 0.7
    means = [[sum(column) / 4000 for column in zip(*(row for row, _ in draw(w, 4000, 1)), strict=True)]
             for w in (CALM, TURNED)]  # fmt: skip
    assert means[1][0] < means[0][0] - 0.5
    assert means[1][1] > means[0][1] + 3


def test_the_model_asks_for_nothing_that_this_release_does_not_do() -> None:
    raw = render_model()

    model, errors = parse_model({**raw, "metadata": {**raw["metadata"], "uid": "u"}})

    assert (errors, model.unsupported) == ((), ())
    assert model.monitor is not None


def test_the_table_is_small_enough_for_a_config_map_and_questions_are_one_matrix() -> None:
    text = render_table(CALM, seed=7)["data"]["rows.csv"]

    assert len(text.encode()) < 500_000
    assert len(set(text.splitlines())) > 2500
    (matrix,) = render_questions([row for row, _ in draw(CALM, 5, seed=1)])["inputs"]
    assert matrix["shape"] == [5, 4]
    assert len(matrix["data"]) == 20


def test_a_breach_is_told_once_with_its_numbers() -> None:
    message = "dataDrift is 0.63 (2 of 4 moved over 900 rows); asked is PSI <= 0.1; in breach since 13:41 UTC"
    open_one = status(signals=[signal(breached=True, message=message, threshold="PSI <= 0.1")])

    assert told(status(signals=[signal()]), open_one) == [
        ("breach", "BREACH  dataDrift is 0.63 (2 of 4 moved over 900 rows); asked PSI <= 0.1")
    ]
    assert told(open_one, open_one) == []


def test_a_promotion_is_told_with_the_signals_that_it_closes() -> None:
    before = status(signals=[signal(breached=True, message="dataDrift is 0.63")])
    after = status(champion="loans-v2", signals=[signal(message="dataDrift: no data")])

    assert [mark for mark, _ in told(before, after)] == ["promoted", "anew"]
    assert "loans-v1 is superseded" in told(before, after)[0][1]


def test_a_version_is_told_with_the_reason_why_it_exists() -> None:
    source = {"trigger": "Performance", "signal": "performance", "observed": "0.38", "threshold": ">= 0.9"}
    version = {"metadata": {"name": "loans-v2"}, "spec": {"source": source, "parentVersion": 1}}

    moment = birth(version, 3.0)

    assert moment.mark == "rebuild"
    assert "performance was 0.38, asked is >= 0.9; parent v1" in moment.what


def test_a_comparison_is_told_when_there_is_one() -> None:
    version: dict[str, Any] = {"metadata": {"name": "loans-v2"}, "status": {}}
    assert comparison_text(version) == ""

    version["status"]["comparison"] = {"championValue": "0.4", "challengerValue": "0.95", "verdict": "Inconclusive"}
    assert comparison_text(version) == ""

    version["status"]["comparison"] = {
        "champion": "loans-v1", "metric": "accuracy", "championValue": "0.4", "challengerValue": "0.95", "rows": 600,
        "fresh": "Exact", "required": ">= 0.45", "p": "1e-60", "verdict": "Pass",
    }  # fmt: skip
    assert comparison_text(version) == (
        "loans-v2 wins: accuracy 0.95 against 0.4 of loans-v1 on 600 rows that neither learned from; "
        "asked >= 0.45, p 1e-60"
    )


def test_the_chronicle_keeps_what_it_shows() -> None:
    now, shown = [100.0], list[Moment]()
    chronicle = Chronicle(now=lambda: now[0], show=shown.append)
    now[0] = 175.0
    chronicle.tell("you", "do something", mark="x")

    assert chronicle.moments == shown == [Moment(75.0, "you", "do something", "x")]
    assert clock(75.0) == " 1:15"


def test_readings_are_those_of_the_operator() -> None:
    bins = Profile("x", Kind.NUMBER, edges=(0.0, 1.0, 2.0), counts=(0, 0, 500, 500, 0))
    baseline = Baseline("loans", 1, "classification", (bins,), classes=("lost", "repaid"),
                        validated=Validated(400, 20, 0.07))  # fmt: skip
    window = Window("loans", "1", baseline.bin_spec, "pod", "e", 0.0, 10.0, 400, features={"x": (0, 0, 380, 20, 0)},
                    feedback=Feedback(labels=100, errors=60))  # fmt: skip

    samples = {sample.signal: sample for sample in read_samples(5.0, window, baseline)}

    assert samples["dataDrift"].value > samples["dataDrift"].threshold == 0.1
    assert (samples["performance"].value, samples["performance"].threshold) == (0.4, 0.9)
    assert "predictionDrift" not in samples


SAMPLES = [
    *(Sample(float(at), "dataDrift", 1, 0.02 if at < 60 else 0.7, 0.1) for at in range(20, 100, 2)),
    *(Sample(float(at), "dataDrift", 2, 0.01, 0.1) for at in range(102, 120, 2)),
    *(Sample(float(at), "performance", 1, 0.95 if at < 70 else 0.4, 0.9) for at in range(20, 100, 2)),
]
MOMENTS = [
    Moment(0.0, "operator", "loans-v1 begins", "build"),
    Moment(18.0, "operator", "loans-v1 is champion", "champion"),
    Moment(58.0, "world", "the world turns", "turned"),
    Moment(70.0, "operator", "BREACH dataDrift < & >", "breach", "dataDrift"),
    Moment(80.0, "operator", "loans-v2 begins", "rebuild"),
    Moment(100.0, "operator", "loans-v2 is champion", "promoted"),
]


def test_every_plot_is_whole_svg_with_threshold_breach_and_promotion() -> None:
    for panel in PANELS:
        drawn = draw_panel(panel, SAMPLES, MOMENTS, 120.0)
        figure = ET.fromstring(drawn)
        assert figure.find("svg") is not None
        assert "v2 is promoted" in drawn
    drift = draw_panel(PANELS[0], SAMPLES, MOMENTS, 120.0)
    assert drift.count('class="threshold"') == 2  # one for each version's baseline
    assert drift.count('class="breach"') == 1
    ET.fromstring(draw_lanes(MOMENTS, 120.0))


def test_the_report_needs_nothing_else_and_shows_every_moment() -> None:
    report = render_report(SAMPLES, MOMENTS, "NAME PHASE <none>", datetime(2026, 3, 1, tzinfo=UTC))

    assert "http" not in report
    assert "src=" not in report
    assert report.count("<tr ") == len(MOMENTS)
    assert "BREACH dataDrift &lt; &amp; &gt;" in report
    assert "&lt;none&gt;" in report


def test_a_story_without_a_single_sample_still_has_a_report() -> None:
    assert "<svg" in render_report([], MOMENTS[:1], "", datetime(2026, 3, 1, tzinfo=UTC))
