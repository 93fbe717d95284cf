"""One model now: who serves, how far the rollout is, what the signals say, and who must act."""

from datetime import datetime

from tenure.cli.blocks import Block, Facts, Page, Table
from tenure.cli.nouns.data import as_data
from tenure.cli.nouns.model import Model, Pod
from tenure.cli.views.rollout import asked_weight, bar, hold_left, is_running, rollout_part, told_traffic, told_weight
from tenure.cli.views.words import age, headline

CALM = ("Ready", "True")


def show_status(model: Model, pods: tuple[Pod, ...], now: datetime) -> Page:
    blocks: list[Block] = [_facts(model, now), _versions(model, pods, now)]
    if is_running(model):
        blocks += rollout_part(model, now)
    if model.signals:
        blocks.append(_signals(model, now))
    if model.conditions:
        blocks.append(_conditions(model, now))
    return Page(tuple(blocks), as_data(model) | {"pods": as_data(pods)})


def show_models(models: tuple[Model, ...], now: datetime, all_namespaces: bool) -> Page:
    rows = tuple(
        (
            model.namespace if all_namespaces else "",
            model.name,
            model.phase,
            model.condition("Ready").status,
            model.champion,
            model.challenger,
            model.metric,
            model.next,
            age(model.created, now),
        )
        for model in models
    )
    columns = ("Namespace", "Name", "Phase", "Ready", "Champion", "Challenger", "Metric", "Next", "Age")
    return Page((Table(columns, rows, optional=("Metric", "Age", "Challenger")),), as_data(models))


def tell_line(model: Model, pods: tuple[Pod, ...], now: datetime) -> str:
    """The same in one line, for a log: what people wait for comes first."""
    words = [
        f"phase={model.phase or 'Unknown'}",
        f"ready={model.condition('Ready').status}",
        f"champion={model.champion or '-'}",
    ]
    rollout = model.rollout
    if rollout is not None and is_running(model):
        left = hold_left(model, rollout, now)
        words += [f"challenger={model.challenger}", f"stage={rollout.stage or '-'}"]
        if rollout.stage == "Step":  # elsewhere no weight is asked for
            words += [f"step={rollout.step + 1}/{len(model.steps) or 1}"]
            words += [f"weight={told_weight(model, rollout).replace(' ', '-')}"]
        challenger = model.find_version(rollout.version)
        if challenger is not None and challenger.effective_percent is not None:
            words.append(f"traffic={challenger.effective_percent}%")
        words += [f"{rail.name}={rail.value or 'none'}({rail.verdict})" for rail in rollout.guardrails]
        words += ["hold-over"] if left is not None and left <= 0 else []
    words += [f"{signal.name}={signal.value or 'none'}({signal.verdict})" for signal in model.signals]
    words += [f"pods={sum(pod.is_ready for pod in pods)}/{len(pods)}"] if pods else []
    words += [f"next={model.next!r}"] if model.next else []
    return " ".join(words)


def _facts(model: Model, now: datetime) -> Facts:
    ready = model.condition("Ready")
    unseen = model.generation - model.observed_generation if model.observed_generation >= 0 else 0
    stale = f"the operator has not seen the newest spec yet (generation {model.generation})" if unseen > 0 else ""
    never = (
        "no operator has looked at it yet; `kubectl tenure doctor` tells why" if model.observed_generation < 0 else ""
    )
    return Facts(
        (
            ("Name", model.name),
            ("Namespace", model.namespace),
            ("Phase", model.phase),
            ("Ready", _sentence(ready.status, ready.message) if ready.status != "Absent" else ""),
            ("Objective", model.plan.objective),
            ("Owner", model.plan.owner),
            ("Approved", _approved(model)),
            ("Champion", model.champion),
            ("Challenger", model.challenger),
            ("Previous", model.previous),
            ("Pinned to", f"version {model.pin}" if model.pin else ""),
            ("Metric", model.metric),
            ("Drift", model.drift),
            ("Address", model.url),
            ("Traffic by", _traffic(model)),
            ("Suspended", "yes, the operator looks and does not touch" if model.suspended else ""),
            ("Retirement", _retirement(model)),
            ("Labels", model.labels),
            ("Signals changed", f"{age(model.last_check, now)} ago" if model.last_check else ""),
            ("Rebuild due", model.next_rebuild_at),
            ("Seen", never or stale),
            ("Next", model.next if model.next != "-" else ""),
        )
    )


def _traffic(model: Model) -> str:
    """What splits the users' requests between versions, in words."""
    said = next((one.traffic_mode for one in model.versions if one.role == "champion"), "")
    return {"GatewayAPI": "GatewayAPI, exact weights", "Replicas": "Replicas, ratios of pods"}.get(said, said)


def _sentence(word: str, message: str) -> str:
    return f"{word}, {message}" if message else word


def _approved(model: Model) -> str:
    approval = model.approval
    if not approval.approved_by:
        return ""
    if approval.plan_hash and model.plan_hash and approval.plan_hash != model.plan_hash:
        return f"by {approval.approved_by}, but for another plan ({approval.plan_hash} is now {model.plan_hash})"
    return f"by {approval.approved_by}" + (f" on {approval.approved_on}" if approval.approved_on else "")


def _retirement(model: Model) -> str:
    retirement = model.retirement
    if retirement is None:
        return ""
    instead = f", then {retirement.successor}" if retirement.successor else ""
    if not retirement.phase and not retirement.is_requested and not retirement.decided_by:
        return f"announced{f' for {retirement.sunset_on}' if retirement.sunset_on else ''}{instead}"
    due = f" for {retirement.sunset_on}" if retirement.sunset_on and not retirement.phase else ""
    who = f"{retirement.reason_code or 'asked for'}{due}, by {retirement.decided_by or 'nobody yet'}{instead}"
    return f"{retirement.phase}, {who}" if retirement.phase else who


def _versions(model: Model, pods: tuple[Pod, ...], now: datetime) -> Table:
    rows = []
    for version in reversed(model.versions):
        own = [pod for pod in pods if pod.version == version.number]
        weight = asked_weight(model, version.number)
        rows.append(
            (
                f"v{version.number}",
                version.phase,
                version.role if version.role != "none" else "",
                headline(version),
                bar(weight) if weight is not None else "",
                told_traffic(version),
                f"{sum(pod.is_ready for pod in own)}/{len(own)}" if own else "",
                age(version.created, now),
                version.progress or (version.message if version.phase in ("Rejected", "Failed") else ""),
            )
        )
    return Table(
        ("Version", "Phase", "Role", "Metric", "Weight", "Traffic", "Pods", "Age", "Message"),
        tuple(rows),
        optional=("Age", "Traffic"),
    )


def _signals(model: Model, now: datetime) -> Table:
    rows = tuple(
        (
            signal.name,
            signal.value,
            signal.threshold,
            str(signal.samples or ""),
            signal.verdict,
            age(signal.breached_since, now),
            signal.message,
        )
        for signal in model.signals
    )
    return Table(("Signal", "Value", "Threshold", "Samples", "Verdict", "For", "Message"), rows)


def _conditions(model: Model, now: datetime) -> Table:
    rows = tuple(
        (one.type, one.status, one.reason, age(one.since, now), one.message)
        for one in sorted(model.conditions, key=lambda one: (one.type not in CALM, one.type))
    )
    return Table(("Condition", "Status", "Reason", "Since", "Message"), rows)
