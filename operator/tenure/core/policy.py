"""The policy: the rules in order, and the decision that follows from the first opinion."""

from collections.abc import Sequence
from dataclasses import replace

from tenure.core import routing
from tenure.core.afterwards import remembered, soonest, told_of_the_rebuild
from tenure.core.beside import plan_beside
from tenure.core.conditions import PLAN_REASONS, judge_conditions
from tenure.core.decision import Decision, Outcome, Step
from tenure.core.facts import Observation, Progress, Version, VersionPhase
from tenure.core.pin import why_refused
from tenure.core.reasons import Reason
from tenure.core.requirements import Gate, first_failure, judge
from tenure.core.rules import (
    build,
    comparison,
    heal,
    imports,
    pin,
    plan,
    promotion,
    rebuild,
    retire,
    retreat,
    rollout,
    setting_aside,
    steps,
    watch,
)
from tenure.core.serving import live_rollout, without_challenger
from tenure.core.setting_aside import outcomes_of_decisions, without_retired
from tenure.core.target import find_target, is_building, is_measured, plan_hash
from tenure.core.trail import follow

RULES = (
    # Who serves is known again before anything else is judged.
    rollout.recognise_the_champion,
    steps.allow_for_a_set_clock,
    # A person's hand on the brake, and a spec that cannot be read, come before everything.
    plan.look_only_when_suspended,
    plan.refuse_an_unusable_spec,
    # The last act on the whole model comes before anything that would begin anew.
    retire.retire_the_model,
    retire.restore_the_model,
    # A promotion that turns out badly is undone before anything else is begun.
    watch.restore_the_previous,
    watch.go_back_after_a_breach,
    # The plan is a gate: nothing new is built or rolled out before it is open.
    plan.wait_for_feasibility,
    plan.refuse_over_budget,
    plan.wait_for_approval,
    plan.stop_at_a_name_conflict,
    plan.stop_at_a_refusal,
    rollout.end_a_rollout_nobody_asks_for,
    # What served and is lost is made again before anything new is.
    heal.continue_the_earlier_life,
    heal.make_the_champion_again,
    # What was trained elsewhere has its place before a number is given out.
    imports.let_it_join,
    setting_aside.stay_set_aside,
    # One version for each build, trained once.
    build.give_out_a_version,
    build.create_the_version,
    build.train_once,
    build.stay_failed,
    # What was built must be good enough before it costs a serving pod.
    build.reject_what_misses_a_requirement,
    build.stay_rejected_after_the_rollout,
    rebuild.reject_what_is_nothing_new,
    # Good enough is not better: it meets the champion, and then the person who has the last word.
    comparison.compare_with_the_champion,
    promotion.wait_for_promotion,
    # The walk of the challenger, one stage a pass; one that left gives its place back before the next begins.
    retreat.finish_the_retreat,
    rollout.start_the_rollout,
    rollout.reject_a_refused_artifact,
    rollout.wait_in_the_dark,
    rollout.smoke_test,
    rollout.await_the_approval,
    steps.walk_the_steps,
    rollout.shift_replicas,
    # What a person asks for and cannot be.
    pin.refuse_the_pin,
    # The champion is whole and nothing is under way: now a signal or the calendar may ask for its successor.
    rebuild.begin_a_rebuild,
    # Nothing left to do.
    rollout.in_use,
)


def decide(seen: Observation) -> Decision:
    """Decide what one pass does and says. Pure; the same observation always gives the same decision."""
    step = _withdrawn(seen, first_opinion(seen))
    memory = step.memory or seen.memory
    target = None if seen.errors else find_target(seen)
    wanted = target.number if target and seen.memory.retirement is None else None
    cancelled = frozenset() if step.hands_off else _cancelled(seen, wanted)
    outcomes = {
        **({} if step.hands_off or seen.errors else dict(outcomes_of_decisions(seen))),
        **{
            number: _cancel_outcome(seen.versions[number])
            for number in cancelled & seen.versions.keys()
            if seen.versions[number].phase is not VersionPhase.SUPERSEDED
        },
        **step.outcomes,
    }
    step = replace(step, outcomes=outcomes, wake_after=soonest(seen, step))
    if not seen.errors:
        memory = replace(remembered(seen, memory, outcomes), previous=without_retired(seen, memory))
    step = told_of_the_rebuild(replace(seen, memory=memory), step, target)
    memory = replace(
        memory, phase=step.phase.value, trail=follow(seen, step, memory, target.number if target else None)
    )
    gates = {
        version.number: judge(seen.model.build.requirements, seen.model.build.max_std_dev, version.result)
        for version in (() if seen.errors else seen.versions.values())
        if version.result is not None and version in (target, seen.versions.get(memory.champion or 0))
    }
    met = comparison.find_comparison(seen, target) if target and _is_tested(gates.get(target.number, ())) else None
    return Decision(
        step=step,
        memory=memory,
        serving=replace(routing.plan(seen), beside=plan_beside(seen)),
        gates=gates,
        target=target.number if target else None,
        plan_hash="" if seen.errors else plan_hash(seen.model),
        comparison=met,
        conditions=judge_conditions(
            seen, step, target, gates.get(target.number, ()) if target else (), memory.monitor, met
        ),
        cancelled=cancelled,
    )


def _is_tested(gates: Sequence[Gate]) -> bool:
    return bool(gates) and first_failure(gates) is None


def _withdrawn(seen: Observation, step: Step) -> Step:
    """While the plan is closed no challenger walks on: what was not approved gives its place back."""
    walking = live_rollout(seen)
    if walking is None or step.reason not in PLAN_REASONS:
        return step
    text = "withdrawn: the plan is not open any more"
    outcome = Outcome(VersionPhase.SUPERSEDED, Reason.SUPERSEDED, text)
    return replace(step, memory=without_challenger(seen, walking.version), outcomes={walking.version: outcome})


def first_opinion(seen: Observation) -> Step:
    for rule in RULES:
        opinion = rule(seen)
        if opinion is not None:
            return opinion
    raise AssertionError("the last rules cover every observation; a gap between them is a defect")


def _cancelled(seen: Observation, target: int | None) -> frozenset[int]:
    """One build in flight: what is being built for an older spec is ended, and so is what nobody waits for.

    A pin that is refused ends nothing.
    """
    refused = bool(why_refused(seen))
    outdated = {
        number
        for number, version in seen.versions.items()
        if number != target
        and (
            (is_building(version) and not refused)
            or (is_measured(version) and seen.model.pin is None)
            or version.reason == Reason.BUILD_CANCELLED.word
        )
    }
    orphaned = {
        number for number, job in seen.jobs.items() if number not in seen.versions and job.progress is Progress.RUNNING
    }
    return frozenset(outdated | orphaned)


def _cancel_outcome(version: Version) -> Outcome:
    text = "this build is not asked for any more, so its training was ended"
    if version.imported:
        text = "another version is asked for, so it was not measured; import it under a new number to try it"
    return Outcome(VersionPhase.SUPERSEDED, Reason.BUILD_CANCELLED, text)
