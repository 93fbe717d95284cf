"""The model card: plan, versions with their numbers, comparisons, signals, served periods, lineage, retirement."""

from collections.abc import Iterator

from tenure.cli.blocks import Block, Facts, Heading, Items, Page, Paragraph, Plot, Table
from tenure.cli.nouns.data import as_data
from tenure.cli.nouns.model import Model, Plan, Retirement
from tenure.cli.views.card_use import drift, rollouts, served, signals
from tenure.cli.views.card_version import version_part
from tenure.cli.views.versions import number
from tenure.cli.views.words import headline

MOST_PLOTS = 12


def show_card(model: Model) -> Page:
    """Tell all there is to know of a model, with absolute times alone: the same model gives the same card."""
    blocks = [
        *_title(model),
        *_plan(model.plan),
        *_plan_revisions(model),
        *_requirements(model),
        *_versions(model),
        *_metric_plots(model),
        *(block for version in reversed(model.versions) for block in version_part(version)),
        *signals(model),
        *drift(model),
        *rollouts(model),
        *served(model),
        *_lineage(model),
        *_retirement(model.retirement),
    ]
    return Page(tuple(blocks), as_data(model))


def _title(model: Model) -> Iterator[Block]:
    yield Heading(f"Model card: {model.name}", 1)
    approval = model.approval
    approved = f"{approval.approved_by} {approval.approved_on}".strip()
    yield Facts(
        (
            ("Namespace", model.namespace),
            ("Identity", model.uid),
            ("Created", model.created),
            ("Phase", f"{model.phase} (told from its record)" if model.is_gone else model.phase),
            ("Champion", model.champion),
            ("Reached", model.metric),
            ("Plan", model.plan_hash),
            ("Approved by", approved),
            ("Approval note", approval.note),
            ("Approval seen", f"{approval.seen_at} for plan {approval.plan_hash}" if approval.seen_at else ""),
        )
    )


def _plan(plan: Plan) -> Iterator[Block]:
    yield Heading("Plan")
    yield Facts(
        (
            ("Objective", plan.objective),
            ("Owner", plan.owner),
            ("Stakeholders", ", ".join(plan.stakeholders)),
            ("Intended use", plan.intended_use),
            ("Out of scope", plan.out_of_scope),
            ("Risk level", plan.risk_level),
            ("Feasibility", ", by ".join(word for word in (plan.feasibility, plan.assessed_by) if word)),
            ("It rests on", plan.feasibility_notes),
            ("Review by", plan.review_by),
            ("Tags", ", ".join(plan.tags)),
        )
    )
    if plan.kpis:
        rows = tuple((k.name, k.kind, k.measured_by, k.direction, k.target, k.floor, k.unit) for k in plan.kpis)
        yield Table(("KPI", "Kind", "Measured by", "Direction", "Target", "Floor", "Unit"), rows)


def _requirements(model: Model) -> Iterator[Block]:
    if model.requirements:
        yield Heading("Requirements")
        yield Table(("Metric", "Bound"), tuple((one.metric, one.bound) for one in model.requirements))


def _versions(model: Model) -> Iterator[Block]:
    yield Heading("Versions")
    if not model.versions:
        yield Paragraph("No version exists.")
        return
    rows = tuple(
        (str(v.number), v.phase, v.role if v.role != "none" else "", headline(v), v.origin.trigger, v.created)
        for v in model.versions
    )
    yield Table(("Version", "Phase", "Role", "Metric", "Trigger", "Created"), rows)


def _metric_plots(model: Model) -> Iterator[Block]:
    """One plot a metric, required ones first; what only one version reports is not worth a plot."""
    bounds = {one.metric: one.bound for one in model.requirements}
    names = dict.fromkeys([*bounds, *(name for version in model.versions for name in version.metrics)])
    for name in list(names)[:MOST_PLOTS]:
        values = ((f"v{version.number}", number(version.metrics.get(name))) for version in model.versions)
        points = tuple((label, value) for label, value in values if value is not None)
        if len(points) > 1 or (points and name in bounds):
            texts = [text for text in bounds.get(name, "").replace("..", " ").split() if number(text) is not None]
            yield Plot(f"{name} by version", points, tuple((text, value) for text in texts if (value := number(text))))


def _plan_revisions(model: Model) -> Iterator[Block]:
    """Every plan that was approved or asked for, when more than one is on record."""
    if not model.plan_revisions:
        return
    yield Heading("Plan revisions", 3)
    rows = tuple(
        (
            revision.at,
            revision.plan_hash,
            str(revision.content.get("objective", "")),
            ", ".join(f"{one.approved_by} {one.seen_at}".strip() for one in revision.approvals) or "not approved",
        )
        for revision in model.plan_revisions
    )
    yield Table(("Since", "Plan", "Objective", "Approved by"), rows)


def _lineage(model: Model) -> Iterator[Block]:
    if not model.versions:
        return
    yield Heading("Lineage")
    for version in model.versions:
        origin = version.origin
        because = f"{origin.signal} was {origin.observed}, asked {origin.threshold}" if origin.signal else ""
        yield Heading(f"Origin of version {version.number}", 3)
        yield Facts(
            (
                ("Trigger", " ".join(word for word in (origin.trigger, origin.at) if word)),
                ("Because", because),
                ("Parent", f"version {version.parent}" if version.parent else ""),
                ("Plan", version.plan_hash),
                ("Build", version.spec_hash),
                ("Estimator", version.estimator),
                *((f"Image to {name}", image) for name, image in version.images.items()),
                ("Data", version.data.uri),
                ("Data digest", version.data.digest),
                ("Rows", str(version.data.rows or "")),
                ("Artifact", version.artifact.uri),
                ("Artifact digest", version.artifact.digest),
                ("Baseline digest", version.baseline.digest),
                *(
                    (name, value)
                    for name, value in version.parameters.items()
                    if not name.startswith(("data.", "requirements"))
                ),
            )
        )


def _retirement(retirement: Retirement | None) -> Iterator[Block]:
    if retirement is None:
        return
    yield Heading("Retirement")
    successor = f"{retirement.successor} {retirement.successor_url}".strip()
    yield Facts(
        (
            ("Reason code", retirement.reason_code),
            ("Reason", retirement.reason),
            ("Decided by", f"{retirement.decided_by} {retirement.decided_on}".strip()),
            ("Forced by", retirement.forced_by),
            ("Successor", successor),
            ("Sunset", retirement.sunset_on),
            ("Began", retirement.began_at),
            ("Retired", retirement.retired_at),
            ("Artifacts deleted", retirement.artifact_deleted_at),
        )
    )
    if retirement.lessons:
        yield Heading("Lessons learned", 3)
        yield Items(retirement.lessons)
