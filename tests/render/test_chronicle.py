"""Stories of the chronicle in the record: plans with their approvals, rollouts, crossings: once each, in bounds."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.stories import NOW, a_model, a_plan, in_use
from tenure.core.clock import stamp
from tenure.core.facts import Observation, VersionApproval
from tenure.core.monitor.memory import MonitorMemory
from tenure.core.monitor.signal import SignalState
from tenure.core.verdict import Verdict
from tenure.render.chronicle import MOST_BYTES, MOST_CROSSINGS, MOST_PLANS, render_chronicle
from tenure.render.record import render_record

LATER = NOW + timedelta(days=1)


def after(seen: Observation, **changes: Any) -> Observation:
    """The next pass: it knows what this one wrote into the record, and something has changed."""
    (text,) = render_record(seen)["data"].values()
    return replace(seen, now=LATER, told=json.loads(text), **changes)


def drifting(seen: Observation, value: str, verdict: Verdict, breached: bool = False) -> Observation:
    state = SignalState(
        "dataDrift", "DataDrift", Decimal(value), "PSI <= 0.1", 900, NOW, breached=breached, verdict=verdict
    )
    return replace(seen, memory=replace(seen.memory, monitor=MonitorMemory(1, (state,))))


def test_a_record_that_tells_everything_already_is_written_the_same() -> None:
    seen = drifting(in_use(a_model()), "0.02", Verdict.PASS)

    assert render_record(after(seen)) == render_record(seen)


def test_every_plan_is_kept_as_it_was_with_who_approved_it() -> None:
    first = in_use(a_model())
    changed = replace(first.model, plan=a_plan("Warn a month before"))

    plans = render_chronicle(after(first, model=changed))["planRevisions"]

    assert [(one["plan"]["objective"], one["at"]) for one in plans] == [
        ("Warn before a customer leaves", stamp(NOW)),
        ("Warn a month before", stamp(LATER)),
    ]
    assert [one["approvedBy"] for one in plans[0]["approvals"]] == ["ann"]
    assert "approvals" not in plans[1]  # nobody has approved it yet


def test_a_signal_is_told_when_what_it_came_to_changes_and_not_at_every_look() -> None:
    seen = drifting(in_use(a_model()), "0.02", Verdict.PASS)
    for value, verdict, breached in (
        ("0.03", Verdict.PASS, False),
        ("0.31", Verdict.FAIL, False),
        ("0.35", Verdict.FAIL, True),
        ("0.36", Verdict.FAIL, True),
        ("0.01", Verdict.PASS, False),
    ):
        seen = drifting(after(seen), value, verdict, breached)

    told = render_chronicle(seen)["crossings"]
    assert [(one["value"], one["verdict"], one["breached"]) for one in told] == [
        ("0.02", "Pass", False),
        ("0.31", "Fail", False),
        ("0.35", "Fail", True),
        ("0.01", "Pass", False),
    ]


def test_rollouts_stay_on_record_when_their_versions_are_gone() -> None:
    seen = in_use(a_model())
    stage = {"stage": "Step", "step": 0, "weight": 20, "since": stamp(NOW), "reason": "StepPassed"}
    word = VersionApproval(approved=True, decided_by="ann", decided_on="2026-03-01")
    walked = replace(seen.versions[1], stages=(stage,), approval=word)

    told = after(replace(seen, versions={1: walked}), versions={})

    assert render_chronicle(told)["rollouts"] == [
        {
            "version": 1,
            "stages": [stage],
            "approval": {"decision": "Approved", "decidedBy": "ann", "decidedOn": "2026-03-01"},
        }
    ]


def test_the_lists_are_bounded_by_entries_and_by_bytes_and_the_newest_stay() -> None:
    seen = in_use(a_model())
    long = {"stage": "Step", "message": "m" * 500}
    told = {
        "planRevisions": [{"planHash": f"{n}", "plan": {"objective": "o" * 9_000}} for n in range(90)],
        "rollouts": [{"version": n, "stages": [long] * 24} for n in range(90)],
        "crossings": [{"name": "x", "version": n, "message": "m" * 1000} for n in range(900)],
    }

    lists = render_chronicle(replace(seen, told=told))

    assert len(lists["planRevisions"]) <= MOST_PLANS
    assert len(lists["crossings"]) <= MOST_CROSSINGS
    assert lists["rollouts"][-1]["version"] == 89
    for name, most in MOST_BYTES.items():
        assert 0 < len(json.dumps(lists[name]).encode()) <= most


def test_what_somebody_else_wrote_into_the_record_breaks_nothing() -> None:
    seen = replace(in_use(a_model()), told={"planRevisions": "x", "rollouts": [1, {"version": "x"}], "crossings": {}})

    assert len(render_chronicle(seen)["planRevisions"]) == 1


LOOKS = st.lists(
    st.tuples(st.sampled_from(["0.01", "0.2", "0.3"]), st.sampled_from(Verdict), st.booleans()), max_size=8
)


@given(LOOKS, st.lists(st.sampled_from(["first", "second", "third"]), max_size=5))
def test_whatever_happens_the_same_pass_again_tells_nothing_new(looks: list[Any], objectives: list[str]) -> None:
    seen = in_use(a_model())
    for value, verdict, breached in looks:
        seen = drifting(after(seen), value, verdict, breached)
    for objective in objectives:
        seen = after(seen, model=replace(seen.model, plan=a_plan(objective)))

    assert render_record(after(seen)) == render_record(seen)
