"""Guardrails: one reading judged against its bounds, and what a hold comes to. No data is never a pass."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from tenure.core.rollout_plan import Guardrail, OnNoData, PodDrift
from tenure.core.verdict import Verdict

STALE = timedelta(seconds=300)
CLOCK_SLACK = timedelta(seconds=60)
INFINITE = Decimal("Infinity")
MOST_MESSAGE = 256


class GuardrailVerdict(StrEnum):
    """What a guardrail, or all of a step, came to."""

    PASS = "Pass"
    FAIL = "Fail"
    INCONCLUSIVE = "Inconclusive"
    HELD = "Held"
    """A person must decide."""
    SKIPPED = "Skipped"
    """It had no data and asks for no vote then."""


@dataclass(frozen=True, slots=True)
class GuardrailReading:
    """What a source answered for the challenger and, where it is compared, for the champion."""

    value: Decimal | None
    samples: int
    at: datetime
    note: str = ""
    champion: Decimal | None = None
    champion_samples: int = 0
    champion_note: str = ""
    verdict: Verdict | None = None
    """What statistics made of the value; None leaves it to the guardrail's bounds."""
    threshold: str = ""
    """What the value was held against, where statistics judged it."""


@dataclass(frozen=True, slots=True)
class GuardrailState:
    """What a guardrail showed so far in this step."""

    name: str
    value: Decimal | None = None
    bound: str = ""
    samples: int = 0
    breaches: int = 0
    verdict: GuardrailVerdict = GuardrailVerdict.INCONCLUSIVE
    """Of the newest value that counted: Pass or Fail; Inconclusive while none did."""
    message: str = ""
    """What statistics found to be wrong, or why there has been no data, in a sentence."""


def begin(guardrail: Guardrail) -> GuardrailState:
    return GuardrailState(guardrail.name, bound=bound_text(guardrail))


def judge_reading(
    guardrail: Guardrail, state: GuardrailState, reading: GuardrailReading, now: datetime
) -> GuardrailState:
    """Return the next state. A reading without data changes no verdict; a breach stays one."""
    lack = find_lack(guardrail, reading, now)
    if is_breached(guardrail, state) or lack:
        is_silent = state.value is None and not is_breached(guardrail, state)
        return replace(state, message=lack[:MOST_MESSAGE]) if is_silent else state
    bad = any(_violations(guardrail, reading))
    return replace(
        state,
        value=_short(reading.value or Decimal(0)),
        samples=reading.samples,
        bound=_bound_now(guardrail, reading),
        breaches=state.breaches + 1 if bad else 0,
        verdict=GuardrailVerdict.FAIL if bad else GuardrailVerdict.PASS,
        message=reading.note[:MOST_MESSAGE] if reading.verdict is Verdict.FAIL else "",
    )


def is_breached(guardrail: Guardrail, state: GuardrailState) -> bool:
    return state.breaches >= guardrail.consecutive


def find_lack(guardrail: Guardrail, reading: GuardrailReading, now: datetime) -> str:
    """Say why a reading is no data; empty when it is data."""
    if reading.value is None or not reading.value.is_finite():
        return reading.note or "the source gave no number"
    if reading.samples < guardrail.min_samples:
        return f"{reading.samples} of {guardrail.min_samples} samples"
    if not now - STALE <= reading.at <= now + CLOCK_SLACK:
        return "the value is not of now"
    if guardrail.against is None:
        return ""
    if reading.champion is None or not reading.champion.is_finite():
        return f"the champion gave no number: {reading.champion_note}"
    if reading.champion_samples < guardrail.min_samples:
        return f"{reading.champion_samples} of {guardrail.min_samples} samples of the champion"
    return ""


def verdict_of(guardrail: Guardrail, state: GuardrailState, is_over: bool, is_used_up: bool) -> GuardrailVerdict:
    """Say what a guardrail comes to: in the hold, when it is over, and when its extension is used up too."""
    if is_breached(guardrail, state):
        return GuardrailVerdict.FAIL
    if not is_over:
        return GuardrailVerdict.INCONCLUSIVE
    if state.verdict is GuardrailVerdict.PASS:
        return GuardrailVerdict.PASS
    if not is_used_up:
        return GuardrailVerdict.INCONCLUSIVE
    if state.verdict is GuardrailVerdict.FAIL:
        return GuardrailVerdict.FAIL
    match guardrail.on_no_data:
        case OnNoData.BREACH:
            return GuardrailVerdict.FAIL
        case OnNoData.WARN:
            return GuardrailVerdict.HELD
        case OnNoData.IGNORE:
            return GuardrailVerdict.SKIPPED


def worst(verdicts: Iterable[GuardrailVerdict]) -> GuardrailVerdict:
    """The worst wins; nothing to ask is a pass, but nothing that was answered is not."""
    found = set(verdicts)
    for verdict in (GuardrailVerdict.FAIL, GuardrailVerdict.HELD, GuardrailVerdict.INCONCLUSIVE, GuardrailVerdict.PASS):
        if verdict in found:
            return verdict
    return GuardrailVerdict.HELD if found else GuardrailVerdict.PASS


def bound_text(guardrail: Guardrail) -> str:
    """Say what is asked: `<= 0.01`, `0.1..0.3`, `ratio <= 1.2 of the champion`."""
    parts = [_range("", guardrail.minimum, guardrail.maximum)]
    against = guardrail.against
    if against is not None:
        parts.append(_range("ratio ", against.min_ratio, against.max_ratio))
        parts.append(_range("difference ", against.min_difference, against.max_difference))
    asked = "; ".join(part for part in parts if part)
    return asked or ("as in the baseline" if isinstance(guardrail.source, PodDrift) else "")


def told(state: GuardrailState) -> str:
    """Say what a guardrail showed, with its numbers."""
    found = f": {state.message}" if state.message else ""
    if state.value is None:
        return f"{state.name} has no data (asked is {state.bound}){found}"
    return f"{state.name} is {shown(state.value)} of {state.samples} samples (asked is {state.bound}){found}"


def shown(value: Decimal) -> str:
    return f"{value.normalize():f}" if -7 < value.adjusted() < 20 else f"{value:.6E}"


def _bound_now(guardrail: Guardrail, reading: GuardrailReading) -> str:
    asked = reading.threshold or bound_text(guardrail)
    if guardrail.against is None or reading.champion is None:
        return asked[:256]
    return f"{bound_text(guardrail)}; champion {shown(_short(reading.champion))}"[:256]


def _short(value: Decimal) -> Decimal:
    return Decimal(f"{value:.6g}")


def _range(what: str, low: Decimal | None, high: Decimal | None) -> str:
    if low is not None and high is not None:
        return f"{what}{low}..{high}"
    if low is not None:
        return f"{what}>= {low}"
    return f"{what}<= {high}" if high is not None else ""


def _violations(guardrail: Guardrail, reading: GuardrailReading) -> Iterator[bool]:
    value, against = reading.value or Decimal(0), guardrail.against
    # Statistics have taken the greatest value into account, and more.
    yield reading.verdict is Verdict.FAIL
    yield _is_outside(value, guardrail.minimum, guardrail.maximum if reading.verdict is None else None)
    if against is not None and reading.champion is not None:
        yield _is_outside(ratio(value, reading.champion), against.min_ratio, against.max_ratio)
        yield _is_outside(value - reading.champion, against.min_difference, against.max_difference)


def ratio(value: Decimal, champion: Decimal) -> Decimal:
    """Challenger by champion. Both nothing is the same; something beside nothing is endlessly more."""
    if champion:
        return value / champion
    return Decimal(1) if not value else INFINITE.copy_sign(value)


def _is_outside(value: Decimal, low: Decimal | None, high: Decimal | None) -> bool:
    return (low is not None and value < low) or (high is not None and value > high)
