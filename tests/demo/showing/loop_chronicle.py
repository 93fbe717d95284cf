"""The chronicle of the loop: what changed between two looks at the model becomes lines with time, who, and what."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Raw = Mapping[str, Any]

YOU, CUSTOMERS, WORLD, LABELS, OPERATOR = "you", "customers", "world", "labels", "operator"
TOLD_PHASES = ("Building", "Testing", "Deploying", "Failed", "AwaitingApproval")
DRAWN = ("dataDrift", "predictionDrift", "performance")


@dataclass(frozen=True)
class Moment:
    """One line of the chronicle."""

    seconds: float
    who: str
    what: str
    mark: str = ""
    """A word for what is drawn in the report: drift, turned, rebuild, promoted, ..."""
    signal: str = ""


def print_moment(moment: Moment) -> None:
    print(f"  {clock(moment.seconds)}  {moment.who:10} {moment.what}", flush=True)


@dataclass
class Chronicle:
    """All that was told, in the order it happened."""

    now: Callable[[], float] = time.monotonic
    show: Callable[[Moment], None] = print_moment
    moments: list[Moment] = field(default_factory=list)
    began: float = 0.0

    def __post_init__(self) -> None:
        self.began = self.now()

    @property
    def seconds(self) -> float:
        """How long the story has lasted."""
        return self.now() - self.began

    def tell(self, who: str, what: str, mark: str = "", signal: str = "") -> None:
        self.add(Moment(self.seconds, who, what, mark, signal))

    def add(self, moment: Moment) -> None:
        self.moments.append(moment)
        self.show(moment)

    def find(self, mark: str) -> Moment | None:
        return next((moment for moment in self.moments if moment.mark == mark), None)


def clock(seconds: float) -> str:
    return f"{int(seconds) // 60:2}:{int(seconds) % 60:02}"


def changes(before: Raw, after: Raw, seconds: float) -> Iterator[Moment]:
    """Yield what the operator did between two looks at an MLModel's status."""
    if after.get("phase") != before.get("phase") and after.get("phase") in TOLD_PHASES:
        yield Moment(seconds, OPERATOR, f"{after['phase']}: {_progress(after)}", mark=str(after["phase"]).lower())
    if after.get("champion") != before.get("champion") and after.get("champion"):
        yield from _promotion(before, after, seconds)
        return
    known = {raw["name"]: raw for raw in before.get("signals") or ()}
    for raw in after.get("signals") or ():
        old = known.get(raw["name"], {})
        if raw.get("breached") and not old.get("breached"):
            yield Moment(seconds, OPERATOR, f"BREACH  {numbers_of(raw)}", "breach", raw["name"])
        is_good = raw.get("verdict") == "Pass" and raw["name"] in DRAWN
        if old.get("breached") and not raw.get("breached"):
            yield Moment(seconds, OPERATOR, f"over    {numbers_of(raw)}", "closed", raw["name"])
        elif is_good and old.get("verdict") != "Pass" and not raw.get("breached"):
            yield Moment(seconds, OPERATOR, f"good    {numbers_of(raw)}", "good", raw["name"])


def _promotion(before: Raw, after: Raw, seconds: float) -> Iterator[Moment]:
    champion, previous = after["champion"], before.get("champion")
    text = f"{champion} is champion, {after.get('metric', '')} on rows it had not seen"
    if not previous:
        yield Moment(seconds, OPERATOR, text, "champion")
        return
    yield Moment(seconds, OPERATOR, f"{text}; {previous} is superseded", "promoted")
    open_ones = [raw["name"] for raw in before.get("signals") or () if raw.get("breached")]
    if open_ones:
        text = f"{', '.join(open_ones)}: closed, {champion} is judged anew by a baseline of its own"
        yield Moment(seconds, OPERATOR, text, "anew")


def numbers_of(signal: Raw) -> str:
    """Return what a signal showed and what it should be, without the sentence about its run."""
    said, _, _ = str(signal.get("message", "")).partition("; asked is")
    return f"{said}; asked {signal['threshold']}" if signal.get("threshold") else said


def birth(version: Raw, seconds: float) -> Moment:
    """Tell of a new ModelVersion why it exists."""
    name, source = version["metadata"]["name"], version["spec"].get("source") or {}
    parent = version["spec"].get("parentVersion")
    text = f"{name} begins, trigger {source.get('trigger')}"
    if source.get("signal"):
        text += f": {source['signal']} was {source.get('observed')}, asked is {source.get('threshold')}"
    if parent:
        text += f"; parent v{parent}"
    return Moment(seconds, OPERATOR, text, mark="rebuild" if parent else "build")


def comparison_text(version: Raw) -> str:
    """Return how a challenger met the champion; empty while it has not, or the report is not judged yet."""
    met = (version.get("status") or {}).get("comparison") or {}
    if not all(met.get(known) for known in ("championValue", "challengerValue", "required")):
        return ""
    name = version["metadata"]["name"]
    word = {"Pass": "wins", "Fail": "loses"}.get(met.get("verdict", ""), "is not told apart")
    rows = f" on {met['rows']} rows" if met.get("rows") else ""
    rows += " that neither learned from" if met.get("fresh") == "Exact" else ""
    p = f", p {float(met['p']):.2g}" if met.get("p") is not None else ""
    ours, theirs = (f"{float(met[value]):.4g}" for value in ("challengerValue", "championValue"))
    told = f"{name} {word}: {met.get('metric')} {ours} against {theirs} of {met.get('champion')}{rows}"
    return f"{told}; asked {met.get('required')}{p}"


def _progress(status: Raw) -> str:
    found = {condition["type"]: condition for condition in status.get("conditions") or ()}
    for kind in ("Reconciling", "Stalled", "Ready"):
        if found.get(kind, {}).get("message"):
            return str(found[kind]["message"])
    return ""
