"""What guardrails ask: the right pods and addresses, over the right time, not too often, and never an exception."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256

import aiohttp
import pytest
from aiohttp import web

from core.stories import NOW, a_model, a_result, remembering, seeing, trained
from sources.conftest import Serving
from tenure.adapters.sources.guardrails import GuardrailReader, read_pods
from tenure.contract import answers as contract_answers
from tenure.contract import baseline as contract_baseline
from tenure.contract.answers import Answers
from tenure.contract.baseline import Baseline, Kind, Profile
from tenure.contract.result import Blob
from tenure.contract.window import Window, dumps
from tenure.core.clock import stamp
from tenure.core.facts import Observation, VersionPhase
from tenure.core.memory import EndedRollout, Rollout, Stage
from tenure.core.rollout_plan import (
    AgainstChampion,
    Guardrail,
    HttpNumber,
    Nowhere,
    PodAnswers,
    PodCounts,
    PodDrift,
    PrometheusQuery,
    RolloutPlan,
    RolloutStep,
    Source,
)
from tenure.core.spec import Strategy
from tenure.core.verdict import Verdict


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def a_guardrail(source: Source, **more: object) -> Guardrail:
    return replace(Guardrail("errorRate", source, maximum=Decimal("0.01")), **more)


def walking(guardrail: Guardrail, hold: int = 300, seconds: int = 60) -> Observation:
    """Version 2 has stood at its first step for so long, beside champion 1."""
    plan = RolloutPlan((RolloutStep(20, hold),), (guardrail,))
    model = a_model(replicas=4, strategy=Strategy.CANARY, rollout=plan)
    rollout = Rollout(2, Stage.STEP, stamp(NOW - timedelta(seconds=seconds)))
    memory = remembering(model, highest_version=2, champion=1, rollout=rollout)
    return seeing(model, trained(model, 1, phase=VersionPhase.SERVING), trained(model, 2), memory=memory)


def a_window(version: int, ok: int = 90, failed: int = 10, epoch: str = "a", until: float = 60.0) -> Window:
    requests = {"ok": ok, "failed": failed}
    return Window("churn", str(version), "bins", f"pod-{epoch}", epoch, 0.0, until, requests=requests)


async def a_pod(serving: Serving, window: Window, asked: list[str]) -> str:
    async def answering(request: web.Request) -> web.StreamResponse:
        asked.append(request.path_qs)
        return web.Response(text=dumps(window))

    return (await serving(answering)).removeprefix("http://")


def nobody(version: int) -> Sequence[str]:
    return ()


async def test_the_challenger_s_pods_are_asked_for_the_time_of_the_step(
    session: aiohttp.ClientSession, serving: Serving
) -> None:
    asked: list[str] = []
    pods = {
        1: [await a_pod(serving, a_window(1, failed=0), asked)],
        2: [await a_pod(serving, a_window(2, epoch=e), asked) for e in "ab"],
    }

    found = await GuardrailReader(session).read(walking(a_guardrail(PodCounts("errorRate"))), lambda n: pods[n])

    assert (found["errorRate"].value, found["errorRate"].samples) == (Decimal("0.1"), 200)
    assert asked == ["/v2/models/churn/window?seconds=60"] * 2


async def test_a_guardrail_beside_the_champion_asks_its_pods_too(
    session: aiohttp.ClientSession, serving: Serving
) -> None:
    guardrail = a_guardrail(PodCounts("errorRate"), against=AgainstChampion(max_ratio=Decimal(2)), window_seconds=30)
    asked: list[str] = []
    pods = {n: [await a_pod(serving, a_window(n, failed=n * 10), asked)] for n in (1, 2)}

    found = await GuardrailReader(session).read(walking(guardrail), lambda n: pods[n])

    reading = found["errorRate"]
    assert (reading.champion, reading.champion_samples) == (Decimal("0.1"), 100)
    assert reading.value == Decimal(20) / Decimal(110)
    assert asked == ["/v2/models/churn/window?seconds=30"] * 2


async def test_sources_are_asked_once_per_look_and_anew_in_the_next_step(session: aiohttp.ClientSession) -> None:
    clock = Clock()
    reader, seen = GuardrailReader(session, clock), walking(a_guardrail(PodCounts("errorRate")))

    assert await reader.read(seen, nobody)
    clock.now += 5
    assert not await reader.read(seen, nobody)
    clock.now += 5
    assert await reader.read(seen, nobody)
    rollout = seen.memory.rollout
    assert rollout is not None
    next_step = replace(seen, memory=replace(seen.memory, rollout=replace(rollout, since=stamp(NOW))))
    assert await reader.read(next_step, nobody)


async def test_nothing_is_asked_while_nothing_is_judged(session: aiohttp.ClientSession) -> None:
    seen = walking(a_guardrail(PodCounts("errorRate")))
    reader = GuardrailReader(session)

    assert not await reader.read(replace(seen, model=replace(seen.model, suspend=True)), nobody)
    assert not await reader.read(replace(seen, memory=replace(seen.memory, rollout=None)), nobody)


async def test_the_promoted_version_is_asked_while_it_is_watched(
    session: aiohttp.ClientSession, serving: Serving
) -> None:
    seen = walking(a_guardrail(PodCounts("errorRate")))
    plan = replace(seen.model.deploy.rollout, watch_seconds=600)
    ended = EndedRollout(2, "Promoted", promoted_at=stamp(NOW - timedelta(seconds=60)))
    memory = replace(seen.memory, champion=2, previous=1, rollout=None, ended=ended)
    versions = {**seen.versions, 1: replace(seen.versions[1], phase=VersionPhase.SUPERSEDED)}
    model = replace(seen.model, deploy=replace(seen.model.deploy, rollout=plan))
    pods = {2: [await a_pod(serving, a_window(2), [])]}

    found = await GuardrailReader(session).read(
        replace(seen, memory=memory, model=model, versions=versions), lambda n: pods[n]
    )

    assert found["errorRate"].value == Decimal("0.1")


AGREEMENT = Guardrail("agreement", PodAnswers(), minimum=Decimal("0.95"), min_samples=2)


async def an_answering_pod(
    serving: Serving, version: int, rows: Mapping[str, float], asked: list[str], pod: str = "p"
) -> str:
    content = Answers("churn", str(version), pod, pod, "sha256:c", ("no", "yes"), rows)

    async def answering(request: web.Request) -> web.StreamResponse:
        asked.append(request.path_qs)
        return web.Response(text=contract_answers.dumps(content))

    return (await serving(answering)).removeprefix("http://")


async def test_agreement_joins_the_answers_of_all_pods_of_both_versions(
    session: aiohttp.ClientSession, serving: Serving
) -> None:
    asked: list[str] = []
    pods = {
        1: [await an_answering_pod(serving, 1, rows, asked, pod) for pod, rows in (("p", {"a": 0}), ("q", {"b": 1}))],
        2: [
            await an_answering_pod(serving, 2, {"a": 0, "b": 0, "c": 1}, asked),
            # A pod that is another version's has no voice.
            await an_answering_pod(serving, 3, {"a": 1}, asked),
        ],
    }

    found = await GuardrailReader(session).read(walking(AGREEMENT), lambda n: pods[n])

    assert (found["agreement"].value, found["agreement"].samples) == (Decimal("0.5"), 2)
    assert asked == ["/v2/models/churn/answers?seconds=60"] * 4


async def test_agreement_without_answers_is_no_data_and_says_whose_fault_it_is(
    session: aiohttp.ClientSession, serving: Serving
) -> None:
    async def without(_: web.Request) -> web.StreamResponse:
        return web.Response(status=404)

    pods = {
        1: [await an_answering_pod(serving, 1, {"a": 0}, [])],
        2: [(await serving(without)).removeprefix("http://")],
    }

    found = await GuardrailReader(session).read(walking(AGREEMENT), lambda n: pods[n])
    alone = await GuardrailReader(session).read(
        replace(walking(AGREEMENT), memory=replace(walking(AGREEMENT).memory, champion=None)), lambda n: pods[n]
    )

    assert found["agreement"].value is None
    assert "keeps no answers: its server is not Tenure's own or of an older release" in found["agreement"].note
    assert alone["agreement"].note == "no champion serves beside it"


AGES = Profile("age", Kind.NUMBER, edges=(0.0, 10.0, 20.0, 30.0), counts=(0, 0, 500, 500, 500, 0))
PLANS = Profile("plan", Kind.CATEGORY, levels=("basic", "gold"), counts=(0, 900, 600, 0, 0))
BASELINE = Baseline("churn", 2, "classification", (AGES, PLANS), classes=("no", "yes"))


def with_baseline(seen: Observation) -> Observation:
    """Version 2 was built with a baseline."""
    text = contract_baseline.dumps(BASELINE).encode()
    blob = Blob("pvc://churn-artifacts/churn-11111111/v2/baseline.json", f"sha256:{sha256(text).hexdigest()}")
    version = replace(seen.versions[2], result=replace(a_result(), baseline=blob))
    return replace(seen, versions={**seen.versions, 2: version})


async def a_counting_pod(
    serving: Serving,
    ages: tuple[int, ...],
    plans: tuple[int, ...],
    asked: list[str],
    version: int = 2,
    epoch: str = "a",
) -> str:
    window = Window(
        *("churn", str(version), BASELINE.bin_spec, f"pod-{epoch}", epoch, 0.0, 60.0, sum(ages)),
        features={"age": ages, "plan": plans},
    )

    async def answering(request: web.Request) -> web.StreamResponse:
        asked.append(request.path_qs)
        is_baseline = request.path.endswith("/baseline")
        return web.Response(text=contract_baseline.dumps(BASELINE) if is_baseline else dumps(window))

    return (await serving(answering)).removeprefix("http://")


@pytest.mark.parametrize(
    ("source", "ages", "plans", "verdict", "said"),
    [
        (PodDrift("DataDrift"), (0, 0, 100, 100, 100, 0), (0, 180, 120, 0, 0), Verdict.PASS, "the greatest of 2"),
        (PodDrift("DataDrift"), (0, 0, 10, 10, 280, 0), (0, 180, 120, 0, 0), Verdict.FAIL, "PSI of age"),
        (PodDrift("DataDrift", "plan"), (0, 0, 10, 10, 280, 0), (0, 180, 120, 0, 0), Verdict.PASS, "PSI of plan"),
        (PodDrift("DataQuality"), (90, 0, 70, 70, 70, 0), (0, 180, 120, 0, 0), Verdict.FAIL, "30.0 % of age missing"),
    ],
)
async def test_drift_is_read_from_the_challenger_s_own_counts_against_its_own_baseline(
    session: aiohttp.ClientSession,
    serving: Serving,
    source: PodDrift,
    ages: tuple[int, ...],
    plans: tuple[int, ...],
    verdict: Verdict,
    said: str,
) -> None:
    asked: list[str] = []
    half = [tuple(count // 2 for count in counts) for counts in (ages, plans)]
    pods = {2: [await a_counting_pod(serving, half[0], half[1], asked, epoch=epoch) for epoch in "ab"], 1: ["no:1"]}
    seen = with_baseline(walking(Guardrail("drift", source)))

    found = await GuardrailReader(session).read(seen, lambda n: pods[n])

    assert (found["drift"].verdict, found["drift"].samples) == (verdict, 300)
    assert said in found["drift"].note
    assert asked == ["/v2/models/churn/baseline", *["/v2/models/churn/window?seconds=60"] * 2]


async def test_too_few_rows_and_a_missing_baseline_are_no_data(
    session: aiohttp.ClientSession, serving: Serving
) -> None:
    guardrail = Guardrail("drift", PodDrift("DataDrift"))
    pods = {2: [await a_counting_pod(serving, (0, 0, 9, 9, 9, 0), (0, 20, 7, 0, 0), [])]}

    few = await GuardrailReader(session).read(with_baseline(walking(guardrail)), lambda n: pods[n])
    none = await GuardrailReader(session).read(walking(guardrail), lambda n: pods[n])

    assert (few["drift"].value, few["drift"].note) == (None, "27 of 300 rows so far")
    assert "was built without a baseline" in none["drift"].note


async def test_a_document_is_asked_with_the_names_of_the_version(
    session: aiohttp.ClientSession, serving: Serving
) -> None:
    asked: list[str] = []

    async def answering(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return web.json_response({"share": "0.02"})

    url = await serving(answering)
    guardrail = a_guardrail(HttpNumber(url + "/{namespace}/{model}/{version}", "$.share"))

    found = await GuardrailReader(session).read(walking(guardrail), nobody)

    assert (found["errorRate"].value, asked) == (Decimal("0.02"), ["/team/churn/2"])


async def test_a_source_that_does_not_answer_is_no_data_and_says_why(session: aiohttp.ClientSession) -> None:
    sources = {
        PrometheusQuery("http://127.0.0.1:9", "up"): "refused",
        Nowhere("a Job is not run during a rollout yet"): "a Job is not run",
        PodCounts("errorRate"): "no pod gave its counts",
    }
    for source, said in sources.items():
        found = await GuardrailReader(session).read(walking(a_guardrail(source)), nobody)

        assert found["errorRate"].value is None
        assert said in found["errorRate"].note


def test_windows_of_another_version_and_older_ones_of_the_same_process_are_left_out() -> None:
    windows = [a_window(1, failed=90), a_window(2, failed=0, until=50.0), a_window(2, failed=10, until=60.0)]

    assert read_pods("errorRate", 2, windows, (), NOW).samples == 100
