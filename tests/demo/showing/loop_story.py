"""The story of the loop: a model in use, a world that turns, and what the operator makes of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from localkube.console import Failed, say, step

from showing.kubernetes import Kubernetes
from showing.loop_chronicle import (
    CUSTOMERS,
    LABELS,
    OPERATOR,
    WORLD,
    YOU,
    Chronicle,
    Moment,
    birth,
    changes,
    comparison_text,
)
from showing.loop_readings import DRIFT, PERFORMANCE, Sample, newest, read_samples
from showing.loop_traffic import LABEL_DELAY_SECONDS, ROWS_A_SECOND, Traffic, Unanswered, fetch, service_url
from showing.loop_world import (
    CALM,
    MODEL,
    NAMESPACE,
    TABLE,
    TABLE_ROWS,
    TURNED,
    WINDOW_SECONDS,
    as_text,
    render_model,
    render_table,
)
from tenure.contract.baseline import Baseline, NotABaselineError
from tenure.contract.baseline import loads as read_baseline
from tenure.contract.window import NotAWindowError
from tenure.contract.window import loads as read_window

LOOK_SECONDS = 0.5
SAMPLE_SECONDS = 2.0
CALM_SECONDS = 20.0
STEP_OF_ACCURACY = 0.1
PATIENCE_SECONDS = 180.0
MOST_UNANSWERED = 20
"""Looks in a row that the API server may leave unanswered, as it does while a CRD changes."""
Raw = dict[str, Any]


@dataclass
class Story:
    """Looks at the model again and again, and keeps what it saw."""

    cluster: Kubernetes
    api: str
    chronicle: Chronicle = field(default_factory=Chronicle)
    samples: list[Sample] = field(default_factory=list)
    status: Raw = field(default_factory=dict)
    versions: dict[str, Raw] = field(default_factory=dict)
    traffic: Traffic | None = None
    _baselines: dict[int, Baseline] = field(default_factory=dict)
    _compared: set[str] = field(default_factory=set)
    _told_accuracy: float | None = None
    _next_sample: float = 0.0
    _unanswered: int = 0

    # What is done

    def wait(self, what: str, is_so: Callable[[], bool], patience: float = PATIENCE_SECONDS) -> None:
        """Look until it is so, telling what happens meanwhile."""
        until = time.monotonic() + patience
        while True:
            self.look()
            if is_so():
                return
            if time.monotonic() > until:
                raise Failed(f"after {patience:.0f} s this had not happened: {what}")
            time.sleep(LOOK_SECONDS)

    def go_on(self, seconds: float) -> None:
        """Look for some time in which nothing has to happen."""
        until = self.chronicle.seconds + seconds
        self.wait("time to pass", lambda: self.chronicle.seconds > until)

    # What is seen

    def look(self) -> None:
        try:
            model, versions = self._read("mlmodels", MODEL), self._read("modelversions")
        except Unanswered as wrong:
            self._unanswered += 1
            if self._unanswered > MOST_UNANSWERED:
                raise Failed(f"the API server does not answer: {wrong}") from None
            return
        self._unanswered = 0
        status = model.get("status") or {}
        moments: list[Moment] = []
        for raw in versions.get("items") or ():
            name = raw["metadata"]["name"]
            if name not in self.versions:
                moments.append(birth(raw, self.chronicle.seconds))
            self.versions[name] = raw
            met = comparison_text(raw)
            if met and name not in self._compared:
                self._compared.add(name)
                moments.append(Moment(self.chronicle.seconds, OPERATOR, met, "compared"))
        moments += changes(self.status, status, self.chronicle.seconds)
        self.status = status
        for moment in moments:
            self.chronicle.add(moment)
        if self.traffic is not None:
            self.traffic.check()
            if time.monotonic() >= self._next_sample:
                self._next_sample = time.monotonic() + SAMPLE_SECONDS
                self._take_samples()

    def is_reached(self) -> bool:
        try:
            fetch(f"{service_url(self.api)}/ready")
        except Unanswered:
            return False
        return True

    def signal(self, name: str) -> Raw:
        return next((raw for raw in self.status.get("signals") or () if raw["name"] == name), {})

    def condition(self, kind: str) -> Raw:
        return next((raw for raw in self.status.get("conditions") or () if raw["type"] == kind), {})

    def _read(self, plural: str, name: str = "") -> Raw:
        url = f"{self.api}/apis/tenure.dev/v1alpha1/namespaces/{NAMESPACE}/{plural}" + (f"/{name}" if name else "")
        found: Raw = json.loads(fetch(url))
        return found

    def _take_samples(self) -> None:
        """Ask the pods for what they counted; between two champions there may be no answer."""
        try:
            window = read_window(fetch(f"{service_url(self.api)}/window?seconds={WINDOW_SECONDS}"))
            number = int(window.version)
            if number not in self._baselines:
                self._baselines[number] = read_baseline(fetch(f"{service_url(self.api)}/baseline").decode())
        except (Unanswered, NotAWindowError, NotABaselineError, ValueError):
            return
        baseline = self._baselines[number]
        if baseline.version == number:
            self.samples += read_samples(self.chronicle.seconds, window, baseline)
            self._tell_accuracy()

    def _tell_accuracy(self) -> None:
        """Tell how many answers were right whenever that changed a good deal."""
        sample = newest(self.samples, PERFORMANCE)
        if sample is None or sample.seconds < self.chronicle.seconds - 1:
            return
        told = self._told_accuracy
        if told is not None and abs(sample.value - told) < STEP_OF_ACCURACY:
            return
        self._told_accuracy = sample.value
        text = f"{100 * sample.value:.0f} % of the newest answers of v{sample.version} turned out right"
        self.chronicle.tell(LABELS, text, mark="labels")


def tell(cluster: Kubernetes, api: str) -> Story:
    """Tell the whole story; the one who reads it sees it happen."""
    story = Story(cluster, api)
    chronicle = story.chronicle
    cluster.apply(as_text(render_table(CALM, seed=7), render_model()))
    chronicle.tell(YOU, f"apply ConfigMap {TABLE} ({TABLE_ROWS} loans whose end is known) and MLModel {MODEL}")
    story.wait("the first version is in use", lambda: story.status.get("champion") == f"{MODEL}-v1")
    story.wait("customers reach the first version", story.is_reached)
    with Traffic(api) as story.traffic:
        text = (
            f"{ROWS_A_SECOND} loans a second are asked about; what became of them is told {LABEL_DELAY_SECONDS:.0f} s"
        )
        chronicle.tell(CUSTOMERS, f"{text} later")
        story.wait("the signals are good", lambda: story.signal(PERFORMANCE).get("verdict") == "Pass")
        story.go_on(CALM_SECONDS)

        story.traffic.world = TURNED
        text = "the world turns: bigger loans of smaller incomes, and those are the ones that are paid back now"
        chronicle.tell(WORLD, text, mark="turned")
        cluster.apply(as_text(render_table(TURNED, seed=8)))
        chronicle.tell(YOU, f"put {TABLE_ROWS} loans of the new time into ConfigMap {TABLE}; nothing else is touched")
        story.wait("another champion", lambda: story.status.get("champion") == f"{MODEL}-v2")
        story.wait("the signals are good again", lambda: _is_calm(story))
        story.go_on(CALM_SECONDS / 2)
    chronicle.tell(CUSTOMERS, _tally(story.traffic))
    return story


def start_clean(cluster: Kubernetes) -> None:
    """Begin with an empty namespace: what an earlier run left goes first."""
    if cluster.find("namespace", NAMESPACE) is not None:
        with step(f"Taking away what an earlier run left in namespace {NAMESPACE}"):
            cluster.run("delete", "namespace", NAMESPACE, "--wait=false")
            # Nobody uses these servers any more, so they need not drain.
            cluster.try_to_show("delete", "pods", "--all", f"--namespace={NAMESPACE}", "--grace-period=1")
            cluster.run("wait", "--for=delete", f"namespace/{NAMESPACE}", "--timeout=120s")
    say(f"Making namespace {NAMESPACE}")
    cluster.run("create", "namespace", NAMESPACE)


def _is_calm(story: Story) -> bool:
    """Whether the new champion answers for itself: its own labels and its own baseline say that all is well."""
    watched = (story.status.get("monitor") or {}).get("version")
    is_good = all(story.signal(name).get("verdict") == "Pass" for name in (DRIFT, PERFORMANCE))
    drifted, degraded = story.condition("Drifted"), story.condition("PerformanceDegraded")
    return watched == 2 and is_good and drifted.get("status") == degraded.get("status") == "False"


def _tally(traffic: Traffic) -> str:
    text = f"{traffic.asked} loans were asked about, {traffic.told} labels were told"
    if traffic.late:
        text += f"; {traffic.late} labels came after their version had gone and were not counted for its successor"
    lost = len(traffic.failures)
    return f"{text}; {lost} requests were not answered" + (f" (the last: {traffic.failures[-1]})" if lost else "")
