"""Stories of the simulation: streams whose truth is known, and what a policy makes of them.

The numbers of these stories are those of the table in `tenure/simulate/__init__.py`.
"""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from simulate.streams import START, a_policy, electricity, sea, stationary, timed, told
from tenure.core.monitor.signal import OnBreach, SignalKind
from tenure.core.monitor.watch import BUILT_IN
from tenure.core.monitor.watched import Monitor, Watched
from tenure.core.spec import ChampionRule, ComparisonMode, Model, Promote, Rebuild
from tenure.simulate.__main__ import main
from tenure.simulate.history import CannotSimulateError, make_history
from tenure.simulate.learning import Recorded, Trainer
from tenure.simulate.outcome import Decided, Outcome
from tenure.simulate.replay import Options, simulate

HOUR, DAY = 3600, 86400
ROW_SECONDS = 10


def watching(window: int, interval: int = 600, tolerance: str = "0.05", on_drift: OnBreach = OnBreach.ALERT) -> Monitor:
    """Watch the built-in signals over windows of another length."""
    watched = []
    for signal in BUILT_IN:
        if signal.kind is SignalKind.OPERATIONAL:
            continue
        is_drift = signal.kind in (SignalKind.DATA_DRIFT, SignalKind.PREDICTION_DRIFT)
        more: dict[str, Any] = {"on_breach": on_drift, "spacing_seconds": window} if is_drift else {}
        watched.append(Watched(replace(signal, window_seconds=window, **more)))
    return Monitor(interval_seconds=interval, watched=tuple(watched), tolerance=Decimal(tolerance))


def play(model: Model, frame: pd.DataFrame, seconds: float = ROW_SECONDS, **options: Any) -> Outcome:
    return simulate(model, make_history(model, timed(frame, seconds), time="at"), Trainer(model), Options(**options))


def row_of(decision: Decided, seconds: float = ROW_SECONDS) -> int:
    return round((decision.at - START) / timedelta(seconds=seconds))


def test_the_three_changes_of_the_sea_concepts_are_found_though_no_index_moves() -> None:
    changes = (15_000, 30_000, 45_000)
    model = a_policy(monitor=watching(6 * HOUR, tolerance="0.02"), rebuild=Rebuild(cooldown_seconds=6 * HOUR))

    outcome = play(model, sea(rows_each=15_000), first_rows=10_000, learn_rows=1000)

    begun = [row_of(one) for one in outcome.of("RebuildStarted")]
    for change in changes:
        assert any(change < row <= change + 2000 for row in begun), told(outcome)
    assert begun[0] > changes[0], "no rebuild before anything changed"
    assert outcome.summary.alarms == {"performance": len(begun)}, "no drift of any column was told"
    assert {one.signal for one in outcome.of("RebuildStarted")} == {"performance"}
    assert len(begun) <= 5
    assert outcome.summary.with_policy > outcome.summary.without_policy + 0.03


def test_a_stationary_stream_of_100_000_rows_asks_for_no_rebuild() -> None:
    outcome = play(a_policy(), stationary(100_000), first_rows=5000)

    assert outcome.decisions == (), told(outcome)
    assert outcome.summary.rebuilds == 0
    assert outcome.summary.rows > 94_000
    assert outcome.summary.with_policy == outcome.summary.without_policy


def test_a_shift_of_a_feature_that_does_not_matter_is_told_and_rebuilds_nothing() -> None:
    outcome = play(a_policy(), stationary(40_000, irrelevant_from=20_000), seconds=5, first_rows=5000)

    (told_once,) = outcome.of("SignalBreached")
    assert told_once.signal == "dataDrift"
    assert "PSI of z" in told_once.message
    assert 20_000 < row_of(told_once, seconds=5) < 20_000 + 3 * HOUR / 5
    assert outcome.summary.rebuilds == outcome.summary.promotions == 0


def test_seasons_are_followed_without_a_storm_of_rebuilds() -> None:
    policy = a_policy(minimum="0.6", monitor=watching(7 * DAY, interval=6 * HOUR))

    outcome = play(policy, electricity(), seconds=1800, first_rows=28 * 48, learn_rows=28 * 48, build_seconds=HOUR)

    assert 4 <= outcome.summary.rebuilds <= 16, told(outcome)
    assert outcome.summary.with_policy > outcome.summary.without_policy + 0.2


def test_limits_bound_even_a_policy_that_rebuilds_on_every_drift() -> None:
    """A week never is like the month before it, so each new version soon drifts."""
    nervous = a_policy(minimum="0.6", monitor=watching(7 * DAY, interval=6 * HOUR, on_drift=OnBreach.REBUILD))
    limited = Rebuild(cooldown_seconds=DAY, most_per_window=2, window_seconds=60 * DAY)

    def begun(rebuild: Rebuild) -> list[datetime]:
        policy = replace(nervous, rebuild=rebuild)
        outcome = play(policy, electricity(days=240), seconds=1800, first_rows=28 * 48, learn_rows=28 * 48)
        return [one.at for one in outcome.of("RebuildStarted")]

    held, loose = begun(limited), begun(Rebuild(cooldown_seconds=0))

    assert len(held) < len(loose)
    for start in held:
        assert sum(start <= other < start + timedelta(days=60) for other in held) <= 2


def test_broken_data_is_never_learned_from() -> None:
    frame = stationary(20_000)
    frame.loc[::50, "x"] = np.nan
    frame.loc[10_000:, "label"] = 1 - frame.loc[10_000:, "label"]
    frame.loc[10_000:, "x"] = frame.loc[10_000:, "x"].where(np.arange(10_000) % 3 > 0)

    outcome = play(a_policy(), frame, first_rows=4000)

    assert {one.signal for one in outcome.of("SignalBreached")} >= {"performance", "dataQuality"}
    assert outcome.of("DataQualityBroken")
    assert outcome.summary.rebuilds == 0


def test_rows_with_gaps_that_the_model_never_saw_are_refused_as_the_server_refuses_them() -> None:
    frame = stationary(10_000)
    frame.loc[6000:7999, "x"] = np.nan

    outcome = play(a_policy(), frame, first_rows=4000)

    assert outcome.decisions == (), told(outcome)
    assert outcome.summary.with_policy == pytest.approx(0.87, abs=0.02)


def test_a_version_that_misses_a_requirement_is_rejected_and_after_three_a_person_must_look() -> None:
    frame = stationary(30_000)
    frame.loc[15_000:, "label"] = np.random.default_rng(5).integers(0, 2, size=15_000)

    outcome = play(a_policy(minimum="0.8"), frame, first_rows=4000, learn_rows=500)

    assert outcome.summary.promotions == 0, told(outcome)
    assert len(outcome.of("RequirementsNotMet")) == 3
    assert outcome.of("RebuildsExhausted")
    begun = [one.at for one in outcome.of("RebuildStarted")]
    assert begun[2] - begun[1] > begun[1] - begun[0] > timedelta(hours=1)


def test_a_challenger_that_is_no_better_is_not_promoted_when_it_has_to_win() -> None:
    """The world turns into noise for the model: what is learned from it is as bad, and the champion stays."""
    frame = stationary(30_000)
    frame.loc[15_000:, "label"] = np.random.default_rng(5).integers(0, 2, size=15_000)
    rule = ChampionRule("accuracy", min_delta=Decimal("0.05"), mode=ComparisonMode.SUPERIORITY)
    model = a_policy(minimum="0.4")
    model = replace(model, build=replace(model.build, champion=rule))

    outcome = play(model, frame, first_rows=4000, learn_rows=500)
    turned = frame.assign(label=frame["label"].where(frame.index < 15_000, (frame["x"] < frame["y"]).astype(int)))
    answered = play(model, turned, first_rows=4000, learn_rows=500)

    assert outcome.summary.promotions == 0, told(outcome)
    assert outcome.summary.rejections == 3
    assert {one.what for one in outcome.decisions} & {"ComparisonLost", "ComparisonInconclusive"}
    (promoted, *_) = answered.of("Promoted")
    assert "stream-v2 has accuracy" in promoted.message


def test_what_is_never_to_be_promoted_is_only_built() -> None:
    frame = stationary(20_000)
    frame.loc[10_000:, "label"] = 1 - frame.loc[10_000:, "label"]

    outcome = play(replace(a_policy(), promote=Promote.NEVER), frame, first_rows=4000, learn_rows=500)

    assert outcome.summary.rebuilds > 0
    assert outcome.summary.promotions == 0


def test_labels_that_come_late_are_told_of_late() -> None:
    frame = stationary(20_000)
    frame.loc[10_000:, "label"] = 1 - frame.loc[10_000:, "label"]

    at_once = play(a_policy(), frame, first_rows=4000, learn_rows=500)
    late = play(a_policy(), frame, first_rows=4000, learn_rows=500, label_delay_seconds=6 * HOUR)

    first, second = (outcome.of("SignalBreached")[0].at for outcome in (at_once, late))
    assert second - first >= timedelta(hours=6) - timedelta(minutes=10)


def test_recorded_answers_need_no_training_and_only_tell_what_would_be_started() -> None:
    frame = stationary(20_000)
    frame["said"] = frame["label"]
    frame.loc[12_000:, "said"] = 1 - frame.loc[12_000:, "label"]
    frame["at"] = [START + timedelta(seconds=10 * number) for number in range(len(frame))]
    model = a_policy()
    history = make_history(model, frame, time="at", prediction="said")

    outcome = simulate(model, history, Recorded(model), Options(first_rows=4000))

    assert outcome.of("RebuildStarted")
    assert outcome.summary.promotions == 0
    assert outcome.summary.with_policy == outcome.summary.without_policy == pytest.approx(0.5, abs=0.01)
    starts = [one.at for one in outcome.of("RebuildStarted")]
    assert all(later - earlier >= timedelta(hours=1) for earlier, later in pairwise(starts))


def test_a_schedule_rebuilds_by_the_calendar() -> None:
    model = a_policy(rebuild=Rebuild(schedule="0 0 * * *", cooldown_seconds=600))

    outcome = play(model, stationary(40_000), first_rows=4000)

    days = [one.at for one in outcome.of("RebuildStarted")]
    assert [(one.hour, one.minute) for one in days] == [(0, 6)] * len(days)
    assert len(days) == 4


def test_regression_is_replayed_by_its_error() -> None:
    dice = np.random.default_rng(1)
    x = dice.normal(size=12_000)
    y = 2 * x + dice.normal(scale=0.5, size=12_000)
    y[6000:] += 5
    promise = next(signal for signal in BUILT_IN if signal.name == "performance")
    signal = replace(promise, name="mae", maximum=Decimal(1), minimum=None)
    model = a_policy(monitor=Monitor(600, (Watched(signal),)), estimator="sklearn.linear_model.LinearRegression")
    model = replace(model, build=replace(model.build, requirements=()))

    outcome = play(model, pd.DataFrame({"x": x, "label": y}), first_rows=3000, learn_rows=300)

    assert outcome.summary.metric == "mae"
    assert outcome.of("RebuildStarted")[0].signal == "mae"
    assert outcome.summary.with_policy < outcome.summary.without_policy


def test_rows_of_any_source_will_do_and_texts_are_levels() -> None:
    dice = np.random.default_rng(2)
    rows = [
        {"plan": plan, "age": int(age), "label": "yes" if plan == "gold" else "no"}
        for plan, age in zip(dice.choice(["gold", "basic"], 3000), dice.integers(18, 80, 3000), strict=True)
    ]
    model = a_policy()
    history = make_history(model, iter(rows), seconds_between_rows=20)

    outcome = simulate(model, history, Trainer(model), Options(first_rows=1000))

    assert outcome.decisions == ()
    assert outcome.summary.with_policy == 1.0


def test_the_command_prints_a_table_or_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = stationary(8000)
    frame.loc[4000:, "label"] = 1 - frame.loc[4000:, "label"]
    timed(frame, 10).to_csv(tmp_path / "history.csv", index=False)
    spec = {
        "plan": {"objective": "Try", "owner": "team", "feasibility": {"verdict": "Feasible"}},
        "build": {
            "data": {"uri": "s3://datasets/history.csv", "target": "label"},
            "recipe": {"estimator": "sklearn.linear_model.LogisticRegression"},
            "requirements": [{"metric": "accuracy", "min": "0.8"}],
        },
        "monitor": {"intervalSeconds": 600},
    }
    raw = {"apiVersion": "tenure.dev/v1alpha1", "kind": "MLModel", "metadata": {"name": "churn"}, "spec": spec}
    (tmp_path / "mlmodel.yaml").write_text(yaml.safe_dump(raw))
    words = ["--model", str(tmp_path / "mlmodel.yaml"), "--data", str(tmp_path / "history.csv"), "--time", "at"]
    words += ["--first-rows", "2000", "--learn-rows", "400"]

    assert main(words) == 0
    table = capsys.readouterr().out
    assert main([*words, "--output", "json"]) == 0
    content = json.loads(capsys.readouterr().out)

    assert "RebuildStarted" in table
    assert "without a rebuild" in table
    started = next(one for one in content["decisions"] if one["what"] == "RebuildStarted")
    assert started["signal"] == "performance"
    assert float(started["value"]) < float(started["threshold"].removeprefix(">= "))
    assert content["summary"]["rebuilds"] >= 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"--time": "when"}, "no column 'when'"),
        ({"--data": "/nowhere.csv"}, "cannot be read"),
        ({"--first-rows": "7900"}, "too few"),
    ],
    ids=["no such time", "no such file", "too few rows"],
)
def test_what_cannot_be_replayed_is_said_in_one_sentence(
    change: dict[str, str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    timed(stationary(8000), 10).to_csv(tmp_path / "history.csv", index=False)
    build = {"data": {"uri": "x", "target": "label"}, "requirements": [{"metric": "accuracy", "min": "0.8"}],
             "recipe": {"estimator": "sklearn.linear_model.LogisticRegression"}}  # fmt: skip
    plan = {"objective": "Try", "owner": "team"}
    raw = {"kind": "MLModel", "spec": {"plan": plan, "build": build}}
    (tmp_path / "mlmodel.yaml").write_text(yaml.safe_dump(raw))
    words = {"--model": str(tmp_path / "mlmodel.yaml"), "--data": str(tmp_path / "history.csv"), "--time": "at"}

    assert main([word for pair in (words | change).items() for word in pair]) == 2
    assert said in capsys.readouterr().err


def test_a_first_version_that_would_not_be_deployed_is_no_start() -> None:
    with pytest.raises(CannotSimulateError, match=r"would not be deployed.*0\.99"):
        play(a_policy(minimum="0.99"), stationary(8000), first_rows=4000)
