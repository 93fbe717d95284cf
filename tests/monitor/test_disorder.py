"""Pods that restart, vanish, come back, lie or serve another version never raise an alarm about a healthy model."""

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some

from monitor.looks import a_baseline, a_window, drawn, labelled, later
from tenure.contract.baseline import Baseline, Kind, Profile
from tenure.contract.window import Window
from tenure.core.monitor.counts import Labels, read_counts
from tenure.core.monitor.labels import LabelMemory, chart_of, from_json, take_labels, to_json
from tenure.core.monitor.performance import accuracy_floor
from tenure.core.monitor.signal import SignalKind, SignalState
from tenure.core.monitor.watch import built_in_signals, judge_all
from tenure.core.monitor.windows import gather

BASELINE = a_baseline()
OTHER = a_baseline(version=3, features=(Profile("age", Kind.NUMBER, edges=(0.0, 5.0), counts=(0, 0, 900, 0)),))
SIGNALS = built_in_signals((), BASELINE)
HEALTHY_ERROR = 0.07


@dataclass
class Pod:
    """One process that counts: rows of the hour, and labels since its start."""

    epoch: str
    baseline: Baseline
    outcomes: str = ""

    def window(self, rows: int, seed: int) -> Window:
        shown = self.outcomes[-2000:]
        feedback = labelled(shown, first=len(self.outcomes) - len(shown))
        return a_window(self.baseline, rows=rows, epoch=self.epoch, seed=seed, feedback=feedback)


class Life:
    """Pods of two versions and the operator that watches one of them."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.started = 0
        self.pods = [self.new_pod(BASELINE), self.new_pod(BASELINE), self.new_pod(OTHER)]
        self.states: tuple[SignalState, ...] = ()
        self.memory = LabelMemory(version=2)
        self.told: dict[str, int] = {}

    def new_pod(self, baseline: Baseline) -> Pod:
        self.started += 1
        return Pod(f"e{self.started}", baseline)

    def hour(self, event: str, rows: int, labels: int, now: datetime) -> None:
        """An hour of healthy traffic in which something happens, and a look at its end."""
        if event == "restart":
            self.pods[0] = self.new_pod(BASELINE)
        for pod in self.pods:
            wrong = self.random.random(labels) < HEALTHY_ERROR
            pod.outcomes += "".join("1" if one else "0" for one in wrong)
            self.told[pod.epoch] = len(pod.outcomes)
        windows = [pod.window(rows, int(self.random.integers(2**31))) for pod in self.pods]
        match event:
            case "out of reach":
                windows = windows[1:]
            case "all gone":
                windows = []
            case "twice":
                windows = [*windows, windows[0]]
            case "backwards":
                windows[0] = replace(windows[0], rows=-rows, features={"age": (-5,) * 13})
            case "old answer":
                pod = self.pods[0]
                windows[0] = replace(windows[0], feedback=labelled(pod.outcomes[:10]))
            case "forgetful operator":
                self.memory = from_json(to_json(self.memory))
        self.look(windows, now)

    def look(self, windows: list[Window], now: datetime) -> None:
        gathered, chart = gather(windows, BASELINE), chart_of(BASELINE.validated)
        assert chart is not None
        self.memory = take_labels(self.memory, chart, gathered.windows)
        labels = Labels(accuracy_floor(BASELINE.validated), self.memory.score, chart)
        readings = {
            signal.name: read_counts(
                signal, BASELINE, gathered, now,
                metric=signal.name if signal.kind is SignalKind.OPERATIONAL else "", labels=labels,
            )
            for signal in SIGNALS
        }  # fmt: skip
        self.states = judge_all(SIGNALS, self.states, readings, now)


EVENTS = ["nothing", "restart", "out of reach", "all gone", "twice", "backwards", "old answer", "forgetful operator"]
hours = some.lists(
    some.tuples(some.sampled_from(EVENTS), some.integers(0, 900), some.integers(0, 300)), min_size=1, max_size=20
)


@settings(max_examples=60)
@given(hours, some.integers(0, 2**31))
def test_whatever_happens_to_pods_a_healthy_model_is_never_in_breach(
    story: list[tuple[str, int, int]], seed: int
) -> None:
    life = Life(seed)
    for number, (event, rows, labels) in enumerate(story):
        life.hour(event, rows, labels, later(3600 * number))
        assert [state.name for state in life.states if state.breached] == []
        assert all(state.samples >= 0 and state.breaches >= 0 for state in life.states)
        watched = sum(count for epoch, count in life.told.items() if epoch in life.memory.cursors)
        assert life.memory.score.labels + life.memory.lost <= watched


def test_a_real_shift_is_found_through_all_of_it() -> None:
    life, random = Life(1), np.random.default_rng(2)
    for number, event in enumerate(["nothing", "restart", "all gone", "backwards", "old answer", "nothing"]):
        life.hour(event, 600, 50, later(3600 * number))
    for number in range(6, 8):
        moved = [
            replace(
                pod.window(600, number),
                features={"age": drawn((0, 0, *[1] * 5, *[9] * 5, 0), 600, random), "plan": (12, 360, 222, 6, 0)},
            )
            for pod in life.pods[:2]
        ]
        life.look(moved, later(3600 * number))
    assert [state.name for state in life.states if state.breached] == ["dataDrift"]
