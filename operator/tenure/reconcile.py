"""One pass: observe, decide, render, act. Facts that cannot be seen again are written before anything acts on them."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tenure.act import Actor, NameTaken
from tenure.adapters.cluster import Refused
from tenure.adapters.kinds import controller_uid
from tenure.adapters.recorder import Recorder
from tenure.adapters.store import Key, Store
from tenure.api.parsing import parse_version
from tenure.core.decision import Decision, Stance
from tenure.core.facts import Misfit, Observation
from tenure.core.policy import decide
from tenure.core.reasons import PASSING, Reason
from tenure.observe import Observer
from tenure.render.desired import render_children
from tenure.render.status import render_status
from tenure.render.versions import render_misfit_status, render_version_status

Raw = Mapping[str, Any]

log = logging.getLogger("tenure")

AFTER_A_WRITE_SECONDS = 0.05
"""Soon, but not at once: should somebody else undo our writes for ever, the machine must not run hot."""


class Reconciler:
    """Runs passes. Holds no state of its own: a pass can end anywhere, and the next one finds its way."""

    def __init__(self, observer: Observer, actor: Actor, recorder: Recorder, store: Store, runtime_image: str) -> None:
        self._observer = observer
        self._actor = actor
        self._recorder = recorder
        self._store = store
        self._runtime_image = runtime_image

    async def reconcile(self, key: Key) -> float | None:
        """Run one pass; return after how many seconds to look again, or None to wait for events.

        Raises Unreachable when the API server does not answer; the caller backs off.
        """
        found = await self._observer.observe(key)
        if found is None:
            self._actor.forget(*key)
            await self._tell_orphans(key)
            return None
        raw, seen = found
        if seen.model.deleting:
            # The garbage collector takes the children with it; nothing of ours stands in the way.
            return None
        decision = decide(seen)
        if decision.step.memory is not None:
            await self._write_versions(seen, decision)
            await self._write_model(raw, seen, decision)
            return 0.0
        wrote = False
        try:
            wrote = await self._write_versions(seen, decision)
            wrote |= await self._actor.act(seen.model.uid, render_children(seen, decision, self._runtime_image))
        except NameTaken as taken:
            seen = replace(seen, conflicts=(str(taken),))
            decision = decide(seen)
        except Refused as refused:
            seen = replace(seen, refusals=(str(refused),))
            decision = decide(seen)
        await self._write_model(raw, seen, decision)
        # Our own writes are in the store already, so no event will ask for the pass that sees them.
        return AFTER_A_WRITE_SECONDS if wrote else decision.step.wake_after

    async def _write_versions(self, seen: Observation, decision: Decision) -> bool:
        wrote = False
        for version in seen.versions.values():
            before = self._store.find("ModelVersion", seen.model.namespace, version.name)
            if before is not None:
                old = before.get("status") or {}
                status = render_version_status(seen, decision, version, old, self._runtime_image)
                wrote |= await self._actor.write_status(before, status)
        for name, misfit in seen.misfits.items():
            before = self._store.find("ModelVersion", seen.model.namespace, name)
            if before is not None:
                status = render_misfit_status(seen.now, misfit, before.get("status") or {})
                wrote |= await self._actor.write_status(before, status)
        return wrote

    async def _tell_orphans(self, key: Key) -> None:
        """A version that names a model which does not exist is told so; what we made goes with its model by itself."""
        for raw in self._store.children("ModelVersion", key):
            if controller_uid(raw) or "deletionTimestamp" in raw["metadata"]:
                continue
            text = f"there is no MLModel {key[1]} in this namespace; create it, or name another in spec.modelRef"
            misfit = Misfit(parse_version(raw), Reason.MODEL_ABSENT, text)
            status = render_misfit_status(self._observer.now(), misfit, raw.get("status") or {})
            await self._actor.write_status(raw, status)

    async def _write_model(self, raw: Raw, seen: Observation, decision: Decision) -> None:
        before = raw.get("status") or {}
        status = render_status(seen, decision, before)
        if await self._actor.write_status(raw, status):
            await self._tell(raw, before, seen, decision)
            await self._tell_of_signals(raw, seen, decision)
            await self._tell_of_the_end(raw, before, seen, decision)

    async def _tell(self, raw: Raw, before: Raw, seen: Observation, decision: Decision) -> None:
        """One log line and one Event for each change of reason."""
        step = decision.step
        told = {c.get("reason") for c in before.get("conditions") or () if c.get("type") in ("Reconciling", "Stalled")}
        was_done = before.get("phase") and not told
        if step.reason.word in told or (was_done and step.stance is Stance.DONE):
            return
        log.info(
            step.message,
            extra={
                "namespace": seen.model.namespace,
                "model": seen.model.name,
                "phase": step.phase.value,
                "reason": step.reason.word,
            },
        )
        warning = step.stance is Stance.STALLED or (step.stance is Stance.PROGRESSING and step.reason not in PASSING)
        await self._recorder.record(raw, step.reason.word, step.message, warning, seen.now)

    async def _tell_of_signals(self, raw: Raw, seen: Observation, decision: Decision) -> None:
        """One log line and one Event for each signal that went into breach or came out of it."""
        was = {state.name: state.breached for state in seen.memory.monitor.states}
        for state in decision.memory.monitor.states:
            if state.breached == was.get(state.name, False):
                continue
            reason = Reason.SIGNAL_BREACHED if state.breached else Reason.SIGNAL_RECOVERED
            facts = {"namespace": seen.model.namespace, "model": seen.model.name, "signal": state.name}
            log.info(state.message, extra={**facts, "reason": reason.word})
            await self._recorder.record(raw, reason.word, state.message, state.breached, seen.now)

    async def _tell_of_the_end(self, raw: Raw, before: Raw, seen: Observation, decision: Decision) -> None:
        """One log line and one Event when the model's end is announced, or announced otherwise than before."""
        word = Reason.ANNOUNCED.word
        told = {c.get("message") for c in before.get("conditions") or () if c.get("type") == word}
        for one in decision.conditions:
            if one.type == word and one.message not in told:
                facts = {"namespace": seen.model.namespace, "model": seen.model.name}
                log.info(one.message, extra={**facts, "reason": word})
                await self._recorder.record(raw, word, one.message, False, seen.now)
