"""Conditions: what machines and people read of a decision. Abnormal ones are absent while all is well (kstatus)."""

from collections.abc import Iterator, Sequence
from datetime import date

from tenure.core.announcing import announced_text, is_announced
from tenure.core.beside import judge_beside
from tenure.core.comparison import Comparison
from tenure.core.decision import Condition, Stance, Step
from tenure.core.facts import ENDED, DeploymentFacts, Observation, Verdict, Version, VersionPhase
from tenure.core.memory import REACHED, Stage
from tenure.core.monitor.look import known_signals
from tenure.core.monitor.memory import MonitorMemory, TruthSeen
from tenure.core.monitor.signal import OnBreach, Signal, SignalState
from tenure.core.monitor.summary import degradation, drift, health, lasted
from tenure.core.monitor.truth import tell_truth
from tenure.core.monitor.watched import Monitor
from tenure.core.newdata import is_looked_for
from tenure.core.reasons import Reason, reason_named
from tenure.core.rebuilding import is_rebuilt_by_itself, permission
from tenure.core.requirements import Gate, first_failure
from tenure.core.rollout_steps import present
from tenure.core.routing import is_routed, judge_route
from tenure.core.rules.retire import why_blocked
from tenure.core.serving import challenger_pods, is_retired, live_rollout
from tenure.core.spec import Strategy
from tenure.core.target import plan_hash

FINE_PERCENT = 5
"""Desired and effective percent may differ so much before it is told."""

PLAN_REASONS = frozenset(
    {
        Reason.AWAITING_APPROVAL,
        Reason.PLAN_CHANGED,
        Reason.PLAN_HASH_MISMATCH,
        Reason.NOT_FEASIBLE,
        Reason.FEASIBILITY_UNDECIDED,
        Reason.OVER_BUDGET,
    }
)


def judge_conditions(
    seen: Observation,
    step: Step,
    target: Version | None,
    gates: Sequence[Gate],
    watching: MonitorMemory,
    comparison: Comparison | None = None,
) -> tuple[Condition, ...]:
    """Return every condition that applies, in the order people read them."""
    return tuple(_conditions(seen, step, target, gates, watching, comparison))


def _conditions(
    seen: Observation,
    step: Step,
    target: Version | None,
    gates: Sequence[Gate],
    watching: MonitorMemory,
    comparison: Comparison | None,
) -> Iterator[Condition]:
    yield ready(seen, step)
    if step.stance in (Stance.PROGRESSING, Stance.WAITING):
        yield Condition("Reconciling", "True", step.reason, step.message)
    if step.stance is Stance.STALLED:
        yield Condition("Stalled", "True", step.reason, step.message)
    if seen.errors:
        return
    if seen.model.unsupported:
        fields = ", ".join(seen.model.unsupported)
        text = f"this release does not honour {fields}; remove the field or expect the default behaviour"
        yield Condition("FieldsSupported", "False", Reason.FIELD_NOT_SUPPORTED, text)
    yield from _traffic(seen)
    yield from judge_beside(seen)
    yield _plan_approved(seen, step)
    yield from _governed(seen, step)
    yield from _watched(seen, watching)
    if target is not None:
        yield _build_succeeded(step, target)
        if gates:
            yield _requirements_met(target, gates)
        yield from _comparison_passed(step, target, comparison)
        if target.result is not None and first_failure(gates) is None:
            yield _deployed(seen, step, target)


def ready(seen: Observation, step: Step) -> Condition:
    """Ready means that the champion answers, whatever else goes on."""
    champion = seen.memory.champion
    if is_retired(seen):
        return Condition("Ready", "False", Reason.RETIRED, step.message)
    if champion is None:
        return Condition("Ready", "False", Reason.NO_CHAMPION, f"no version serves yet: {step.message}")
    facts = seen.deployments.get(champion, DeploymentFacts())
    name = seen.versions[champion].name if champion in seen.versions else f"version {champion}"
    if facts.available and seen.service_version == champion:
        text = f"{name} answers its probe with {facts.available} of {seen.model.deploy.replicas} replicas"
        return Condition("Ready", "True", Reason.IN_USE, text)
    if facts.available or _challenger_answers(seen):
        if seen.has_service:
            return Condition("Ready", "True", Reason.IN_USE, f"{name} and its challenger answer their probes")
        return Condition("Ready", "False", Reason.CHAMPION_NOT_READY, f"the Service of {name} is not there yet")
    if facts.trouble is not None:
        return Condition("Ready", "False", facts.trouble.reason, f"{name} does not answer: {facts.trouble.message}")
    return Condition("Ready", "False", Reason.CHAMPION_NOT_READY, f"no pod of {name} answers its probe")


def _challenger_answers(seen: Observation) -> bool:
    """During a shift users reach both versions, so either keeps the promise."""
    rollout = seen.memory.rollout
    if rollout is None or rollout.stage not in {*REACHED, Stage.RETREAT}:
        return False
    return seen.deployments.get(rollout.version, DeploymentFacts()).available > 0


def _traffic(seen: Observation) -> Iterator[Condition]:
    """Whether a Gateway splits as asked; while a step splits by replicas, whether they are enough for its weight."""
    if seen.model.deploy.gateway is not None:
        if is_routed(seen):
            yield judge_route(seen)
        return
    rollout = live_rollout(seen)
    pods = challenger_pods(seen, rollout) if rollout is not None else 0
    step = present(seen.model.deploy.rollout, rollout) if rollout is not None else None
    if step is None or not pods or seen.memory.champion is None or seen.model.deploy.strategy is not Strategy.CANARY:
        return
    effective = round(100 * pods / (pods + max(1, seen.model.deploy.replicas - pods)))
    shares = f"{pods} of {pods + max(1, seen.model.deploy.replicas - pods)} pods make {effective} %"
    if abs(effective - step.weight) > FINE_PERCENT:
        text = f"{step.weight} % of the traffic is asked for and {shares}; raise spec.deploy.replicas for finer steps"
        yield Condition("TrafficAsSpecified", "False", Reason.REPLICA_GRANULARITY, text)
        return
    text = f"{step.weight} % of the traffic is asked for and {shares}"
    yield Condition("TrafficAsSpecified", "True", Reason.AS_SPECIFIED, text)


def _plan_approved(seen: Observation, step: Step) -> Condition:
    if step.reason in PLAN_REASONS:
        return Condition("PlanApproved", "False", step.reason, step.message)
    approval, current = seen.model.plan.approval, plan_hash(seen.model)
    if not approval.required:
        return Condition("PlanApproved", "True", Reason.APPROVAL_NOT_REQUIRED, f"plan {current} needs no approval")
    counted = seen.memory.approval
    if step.memory is None and (counted is None or counted.plan_hash != current):
        text = f"plan {current} has no approval that counts"
        return Condition("PlanApproved", "False", Reason.AWAITING_APPROVAL, text)
    return Condition("PlanApproved", "True", Reason.APPROVED, f"plan {current} approved by {approval.approved_by}")


def _governed(seen: Observation, step: Step) -> Iterator[Condition]:
    """What people owe the model: a review, a whole decision, the end of requests."""
    review = seen.model.plan.review_by
    if review and seen.now.date() >= date.fromisoformat(review):
        text = f"plan.reviewBy was {review}; look at the plan again and set a new date"
        yield Condition("ReviewDue", "True", Reason.REVIEW_DUE, text)
    if seen.lessons and seen.memory.champion is None:
        told = "; ".join(f"{one.model} ({one.shared}; {one.reason_code}): {one.text}" for one in seen.lessons[:3])
        more = f"; and {len(seen.lessons) - 3} more" if len(seen.lessons) > 3 else ""
        yield Condition("PriorLessons", "True", Reason.PRIOR_LESSONS, f"{told}{more}")
    if is_retired(seen):
        yield Condition("Retired", "True", Reason.RETIRED, step.message)
        return
    if seen.model.retire is not None and is_announced(seen.model.retire):
        text = announced_text(seen.model.retire, is_our_server=not seen.model.deploy.runtime.image)
        yield Condition("RetirementAnnounced", "True", Reason.ANNOUNCED, text)
    blocked = why_blocked(seen)
    if blocked is not None:
        reason, text = blocked
        steady = step.message if seen.memory.retirement is not None else text
        yield Condition("RetirementBlocked", "True", reason, steady)


def _watched(seen: Observation, watching: MonitorMemory) -> Iterator[Condition]:
    """How the champion does in use, and whether it may be rebuilt."""
    monitor = seen.model.monitor
    if seen.memory.champion is None or is_retired(seen):
        return
    if monitor is not None:
        states = watching.states if watching.version == seen.memory.champion else ()
        yield from _signals(seen, monitor, states, watching.truth)
    trouble = seen.memory.data.trouble
    if trouble and is_looked_for(seen):
        yield Condition("DataReadable", "False", Reason.DATA_UNREADABLE, f"new data is not seen: {trouble}")
    if is_rebuilt_by_itself(seen):
        allowed = permission(seen)
        yield Condition("RebuildAllowed", "True" if allowed.allowed else "False", allowed.reason, allowed.message)


def _signals(
    seen: Observation, monitor: Monitor, states: Sequence[SignalState], truth: TruthSeen
) -> Iterator[Condition]:
    if not states:
        text = "the signals of this champion are read when its pods have counted something"
        yield Condition("MonitoringHealthy", "Unknown", Reason.NOT_LOOKED_YET, text)
        return
    signals = known_signals(monitor)
    troubles = [tell_truth(truth)] if truth.trouble else []
    for kind, found, yes, no in (
        ("MonitoringHealthy", health(signals, states, troubles), Reason.MONITORING, Reason.NO_DATA),
        ("Drifted", drift(states), Reason.DRIFTED, Reason.NO_DRIFT),
        ("PerformanceDegraded", degradation(states), Reason.PERFORMANCE_DEGRADED, Reason.PERFORMING),
    ):
        yield Condition(kind, "True" if found.holds else "False", yes if found.holds else no, found.message)
    yield from _proposed(seen, signals, states)


def _proposed(seen: Observation, signals: Sequence[Signal], states: Sequence[SignalState]) -> Iterator[Condition]:
    """A breach can propose retirement at once (onBreach) or when it has lasted (retire.criteria); a person decides."""
    proposing = {signal.name for signal in signals if signal.on_breach is OnBreach.PROPOSE_RETIREMENT}
    found = [state.message for state in states if state.breached and state.name in proposing]
    lasting = [
        f"{criterion.reason_code}: {state.message}, for more than {criterion.for_seconds} s"
        for criterion in (seen.model.retire.criteria if seen.model.retire else ())
        for state in states
        if state.name == criterion.signal and lasted(state, seen.now) >= criterion.for_seconds
    ]
    found += lasting
    if found:
        is_automatic = bool(lasting) and seen.model.retire is not None and seen.model.retire.auto
        then = "The model retires by itself (spec.retire.auto)" if is_automatic else "Decide by spec.retire"
        text = f"{'; '.join(found[:3])}. {then}, or mend the cause."
        yield Condition("RetirementProposed", "True", Reason.PROPOSED, text)


def _build_succeeded(step: Step, target: Version) -> Condition:
    if target.result is not None:
        return Condition("BuildSucceeded", "True", Reason.BUILD_SUCCEEDED, f"{target.name} was built")
    outcome = step.outcomes.get(target.number)
    phase = outcome.phase if outcome else target.phase
    if phase in ENDED:
        reason = outcome.reason if outcome else reason_named(target.reason) or Reason.BUILD_FAILED
        return Condition("BuildSucceeded", "False", reason, outcome.message if outcome else target.message)
    return Condition("BuildSucceeded", "Unknown", step.reason, step.message)


def _requirements_met(target: Version, gates: Sequence[Gate]) -> Condition:
    failure = first_failure(gates)
    if failure is not None:
        return Condition("RequirementsMet", "False", failure.reason, f"{target.name}: {failure.message}")
    text = "; ".join(gate.message for gate in gates)
    return Condition("RequirementsMet", "True", Reason.REQUIREMENTS_MET, f"{target.name}: {text}")


def _comparison_passed(step: Step, target: Version, comparison: Comparison | None) -> Iterator[Condition]:
    if comparison is not None:
        status = {Verdict.PASS: "True", Verdict.FAIL: "False", Verdict.INCONCLUSIVE: "Unknown"}[comparison.verdict]
        yield Condition("ComparisonPassed", status, comparison.reason, f"{target.name}: {comparison.message}")
    elif step.compare is not None or step.reason is Reason.COMPARING:
        yield Condition("ComparisonPassed", "Unknown", step.reason, step.message)


def _deployed(seen: Observation, step: Step, target: Version) -> Condition:
    if is_retired(seen):
        return Condition("Deployed", "False", Reason.RETIRED, step.message)
    if target.phase is VersionPhase.REJECTED and target.number != seen.memory.champion:
        return Condition("Deployed", "False", reason_named(target.reason) or Reason.SMOKE_TEST_FAILED, target.message)
    if target.number == seen.memory.champion and step.stance is Stance.DONE:
        return Condition("Deployed", "True", Reason.IN_USE, step.message)
    return Condition("Deployed", "False", step.reason, step.message)
