"""What the record tells beside the versions: plans with their approvals, rollouts, and what signals crossed."""

from tenure.cli.nouns.model import Approval, Crossing, PlanRevision
from tenure.cli.nouns.version import Bin, Guardrail, Stage
from tenure.cli.parsing.fields import Raw, block, items, text, whole, whole_or_none


def parse_stages(raw: Raw) -> tuple[Stage, ...]:
    return tuple(
        Stage(
            stage=text(one, "stage"),
            step=whole_or_none(one, "step"),
            weight=whole_or_none(one, "weight"),
            since=text(one, "since"),
            until=text(one, "until"),
            reason=text(one, "reason"),
            message=text(one, "message"),
            guardrails=parse_guardrails(one),
        )
        for one in items(raw, "stages")
    )


def parse_guardrails(raw: Raw) -> tuple[Guardrail, ...]:
    return tuple(
        Guardrail(
            name=text(one, "name"),
            value=text(one, "value"),
            bound=text(one, "bound"),
            samples=whole(one, "samples"),
            verdict=text(one, "verdict"),
        )
        for one in items(raw, "guardrails")
    )


def parse_plan_revisions(record: Raw) -> tuple[PlanRevision, ...]:
    return tuple(
        PlanRevision(
            plan_hash=text(one, "planHash"),
            at=text(one, "at"),
            content=block(one, "plan"),
            approvals=tuple(
                Approval(
                    approved_by=text(given, "approvedBy"),
                    approved_on=text(given, "approvedOn"),
                    note=text(given, "note"),
                    plan_hash=text(one, "planHash"),
                    seen_at=text(given, "seenAt"),
                )
                for given in items(one, "approvals")
            ),
        )
        for one in items(record, "planRevisions")
    )


def parse_crossings(record: Raw) -> tuple[Crossing, ...]:
    return tuple(
        Crossing(
            at=text(one, "at"),
            version=whole(one, "version"),
            name=text(one, "name"),
            kind=text(one, "kind"),
            value=text(one, "value"),
            threshold=text(one, "threshold"),
            samples=whole(one, "samples"),
            verdict="Breached" if one.get("breached") else text(one, "verdict"),
            message=text(one, "message"),
        )
        for one in items(record, "crossings")
    )


def parse_recorded_bins(version: Raw) -> tuple[Bin, ...]:
    """Read the bins as a record keeps them: lists of rows, confidence and share."""
    found = version.get("calibration")
    bins = [one for one in found if isinstance(one, list) and len(one) == 3] if isinstance(found, list) else []
    return tuple(Bin(int(one[0]), str(one[1]), str(one[2])) for one in bins if isinstance(one[0], int | float))


def parse_bins(status: Raw) -> tuple[Bin, ...]:
    found = items(block(status, "calibration"), "bins")
    return tuple(Bin(whole(one, "rows"), text(one, "confidence"), text(one, "right")) for one in found)
