"""A rollout on its way: step, weight, what is left of the hold, guardrails."""

from datetime import datetime

from tenure.cli.blocks import Block, Facts, Heading, Table
from tenure.cli.nouns.model import Model, Rollout
from tenure.cli.nouns.version import Guardrail, Stage, Version
from tenure.cli.views.words import age, length
from tenure.core.clock import moment

BAR = 10
"""Cells of a full bar: small enough for a terminal of 80 columns."""


def rollout_part(model: Model, now: datetime) -> list[Block]:
    rollout = model.rollout
    assert rollout is not None
    left = hold_left(model, rollout, now)
    step = f"{rollout.step + 1} of {len(model.steps)}" if model.steps else ""
    hold = "" if left is None else "over" if left <= 0 else f"{length(left)} left"
    if rollout.extended_seconds:
        hold = f"{hold}, extended by {length(rollout.extended_seconds)}".removeprefix(", ")
    facts = Facts(
        (
            ("Stage", rollout.stage),
            ("Step", step),
            ("Weight", told_weight(model, rollout) if model.steps or rollout.weight else ""),
            ("Hold", hold),
            ("In this step for", age(rollout.step_started_at, now)),
            ("Verdict", rollout.verdict),
            ("Waits for", rollout.message),
        )
    )
    blocks: list[Block] = [Heading(f"Rollout of version {rollout.version}"), facts]
    if rollout.guardrails:
        rows = tuple(
            (rail.name, rail.value, rail.bound, str(rail.samples or ""), rail.verdict) for rail in rollout.guardrails
        )
        blocks.append(Table(("Guardrail", "Value", "Bound", "Samples", "Verdict"), rows))
    return blocks


def told_weight(model: Model, rollout: Rollout) -> str:
    """The percent of the requests it answers, or of those that a shadow gets copies of."""
    version = model.find_version(rollout.version)
    is_copied = version is not None and version.mirrored_percent is not None
    return f"{rollout.weight}% copied" if is_copied else f"{rollout.weight}%"


def told_traffic(version: Version) -> str:
    """The share of the requests in force; of a shadow, the share that is copied to it."""
    if version.mirrored_percent is not None:
        return f"{version.mirrored_percent}% copied"
    return f"{version.effective_percent}%" if version.effective_percent is not None else ""


def hold_left(model: Model, rollout: Rollout, now: datetime) -> float | None:
    """Seconds of the hold that are left: it runs while the challenger is ready; None without a hold."""
    if not 0 <= rollout.step < len(model.steps) or rollout.stage != "Step":
        return None
    hold = model.steps[rollout.step].hold_seconds + rollout.extended_seconds
    ready = moment(rollout.ready_since)
    return hold - rollout.held_seconds - ((now - ready).total_seconds() if ready else 0.0)


def is_running(model: Model) -> bool:
    """The status keeps the last rollout; it runs as long as there is a challenger or it waits for somebody."""
    return model.rollout is not None and (bool(model.challenger) or model.rollout.verdict in ("Running", "Held"))


def asked_weight(model: Model, number: int) -> int | None:
    """The percent that was asked for: by the version's own status, else by the rollout."""
    version = model.find_version(number)
    if version is not None and version.desired_percent is not None:
        return version.desired_percent
    if model.rollout is not None and is_running(model) and model.rollout.version == number:
        return model.rollout.weight
    return None


def bar(percent: int) -> str:
    full = round(BAR * percent / 100)
    return f"{'█' * full}{'░' * (BAR - full)} {percent:>3}%"


def stages_table(stages: tuple[Stage, ...]) -> Table:
    """What each stage that is over came to, with the numbers it was judged by."""
    rows = tuple(
        (
            f"{one.stage} {one.step + 1}" if one.step is not None else one.stage,
            f"{one.weight}%" if one.weight is not None else "",
            one.since,
            _length(one),
            one.reason,
            ", ".join(_rail(rail) for rail in one.guardrails),
        )
        for one in stages
    )
    return Table(("Stage", "Weight", "From", "For", "Outcome", "Guardrails"), rows)


def _length(stage: Stage) -> str:
    begun, ended = moment(stage.since), moment(stage.until)
    return length((ended - begun).total_seconds()) if begun and ended else ""


def _rail(rail: Guardrail) -> str:
    return f"{rail.name} {rail.value or 'no data'} ({rail.bound}): {rail.verdict}"
