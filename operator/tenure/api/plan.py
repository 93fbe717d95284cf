"""The plan: why the model exists, who answers for it, what it must reach, and who approved it."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from tenure.api.common import (
    LIST_SET,
    Date,
    Line,
    LongText,
    MetricName,
    Model,
    Name,
    Number,
    Person,
    Rule,
    Text,
    Word,
    list_map,
    must,
    rules,
)
from tenure.api.kube import Quantity


class RiskLevel(StrEnum):
    """How much harm a wrong answer can do."""

    LOW = "Low"
    MEDIUM = "Medium"
    HIGH = "High"


class KpiKind(StrEnum):
    """Whose number it is: the model's, the business's, or money."""

    ML = "ML"
    BUSINESS = "Business"
    ECONOMIC = "Economic"


class Direction(StrEnum):
    """Which way is better."""

    HIGHER_IS_BETTER = "HigherIsBetter"
    LOWER_IS_BETTER = "LowerIsBetter"


class FeasibilityVerdict(StrEnum):
    """Whether the plan can work."""

    FEASIBLE = "Feasible"
    NOT_FEASIBLE = "NotFeasible"
    UNDECIDED = "Undecided"


class Kpi(Model):
    """One number that tells whether the model is worth having."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "!(has(self.metric) && has(self.signal))",
                "a KPI is measured by metric (at training) or signal (while in use), not both; remove one",
            )
        )
    )
    name: Name
    """Name of the KPI, unique in the plan."""
    kind: KpiKind = KpiKind.ML
    """ML (the default), Business or Economic."""
    metric: MetricName | None = None
    """Metric of a training run that measures it."""
    signal: Name | None = None
    """Signal of spec.monitor that measures it."""
    direction: Direction
    """Which way is better: HigherIsBetter or LowerIsBetter."""
    target: Number | None = None
    """The value hoped for."""
    floor: Number | None = None
    """The worst value that is still acceptable; monitoring never goes below it."""
    unit: Annotated[str, Field(max_length=32)] = ""
    """Unit of target and floor, for people. Default none."""


class Feasibility(Model):
    """The answer to: can this work, with the data and means we have?"""

    verdict: FeasibilityVerdict = FeasibilityVerdict.UNDECIDED
    """Feasible lets the build begin; NotFeasible and Undecided (the default) hold it."""
    notes: LongText = ""
    """What the verdict rests on."""
    assessed_by: Person | None = None
    """Person or role that assessed it."""
    assessed_on: Date | None = None
    """Date of the assessment, for example 2027-03-31."""


class Budget(Model):
    """The most that building this model may use; a build that asks for more does not start."""

    cpu: Quantity | None = None
    """CPU of one training Job at most, for example 4 or 500m. Default no limit."""
    memory: Quantity | None = None
    """Memory of one training Job at most, for example 16Gi. Default no limit."""
    gpu: Annotated[int, Field(ge=0, le=1024)] | None = None
    """GPUs of one training Job at most. Default no limit."""
    max_job_duration_seconds: Annotated[int, Field(ge=1, le=31_536_000)] | None = None
    """Seconds that one training Job may run. Default no limit."""
    max_rebuilds_per_month: Annotated[int, Field(ge=0, le=10_000)] | None = None
    """Rebuilds in any 30 days at most. Default no limit."""


class PlanApproval(Model):
    """Who allowed the plan; it counts for the plan it was first seen with."""

    required: bool = True
    """Hold the build until somebody approves. Default true."""
    approved_by: Person | None = None
    """Person or role that approves; setting it is the approval."""
    approved_on: Date | None = None
    """Date of the approval, for example 2027-03-31."""
    note: Text = ""
    """What the approval rests on, or its conditions."""
    plan_hash: (
        Annotated[
            str,
            Field(max_length=80),
            must(
                "self.matches('^(sha256:)?[0-9a-f]{8,64}$')",
                "must be the hash that status.planHash shows, copied from there",
            ),
        ]
        | None
    ) = None
    """Hash of the plan that is approved, as status.planHash shows it; when given, it must match. Default: not
    checked."""


class Plan(Model):
    """Why the model exists and what it must reach; a changed plan needs a changed approval."""

    objective: Annotated[
        str,
        Field(min_length=1, max_length=2048),
        must("self.trim() != ''", "must say in a sentence what the model is for"),
    ]
    """What the model is for, in a sentence."""
    owner: Annotated[
        str,
        Field(min_length=1, max_length=256),
        must("self.trim() != ''", "must name the team or role that answers for the model"),
    ]
    """Team or role that answers for the model."""
    stakeholders: Annotated[tuple[Line, ...], Field(max_length=50), LIST_SET] = ()
    """Others who have a say or are affected."""
    tags: Annotated[tuple[Word, ...], Field(max_length=50), LIST_SET] = ()
    """Words to find the model by; a new model with a tag of a retired one is shown its lessons."""
    intended_use: LongText = ""
    """What the predictions may be used for."""
    out_of_scope: LongText = ""
    """What the predictions must not be used for."""
    risk_level: RiskLevel | None = None
    """How much harm a wrong answer can do: Low, Medium or High. Default: not assessed."""
    kpis: Annotated[tuple[Kpi, ...], Field(max_length=20), list_map("name")] = ()
    """Numbers that tell whether the model is worth having."""
    feasibility: Feasibility = Feasibility()
    """The answer to: can this work? The build waits for Feasible."""
    budget: Budget | None = None
    """The most that building may use. Default no limit."""
    review_by: Date | None = None
    """Date by which the plan is looked at again; from then on condition ReviewDue is True."""
    approval: PlanApproval = PlanApproval()
    """Who allowed the plan."""
