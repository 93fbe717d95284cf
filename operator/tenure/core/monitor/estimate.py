"""Performance without labels: an estimate from how sure the model is, which decides nothing.

Confidence-based performance estimation (NannyML,
https://nannyml.readthedocs.io/en/stable/how_it_works/performance_estimation.html): each row counts with the share of
right answers that the validated rows of the same confidence had. It follows inputs that move to where the model is
less sure. It is blind when the truth itself changes while inputs stay (concept drift), and it is wrong where inputs
leave everything the model has seen.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from tenure.contract.baseline import Confidence
from tenure.core.monitor.signal import Reading
from tenure.core.verdict import Verdict


def read_estimate(confidence: Confidence | None, counts: Sequence[int], at: datetime) -> Reading:
    """The accuracy to expect of the rows counted by their confidence (contract.baseline.CONFIDENCE_BINS steps)."""
    if confidence is None:
        return Reading(None, 0, at, "the version's baseline has no calibration; a version built anew may have one")
    rows = sum(counts)
    if not rows:
        note = "no row was counted with its probability; this model gives one only to requests for predict_proba"
        return Reading(None, 0, at, note)
    right = sum(
        (count * Decimal(str(share)) for count, share in zip(counts, confidence.right, strict=True)), Decimal(0)
    )
    note = f"accuracy estimated without labels, from the confidence in {rows} rows; blind when the truth changes"
    return Reading(right / rows, rows, at, note, Verdict.INCONCLUSIVE)
