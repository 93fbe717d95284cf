"""The evaluation: what a pod is asked about a model that was trained elsewhere, and what it reports.

The task is the training task (`tenure.contract.task`) as JSON in one environment variable, with the artifact that is
there already instead of a place for one:

    {..., "artifact": {"uri": "s3://bucket/model.skops", "digest": "sha256:...", "format": "skops"},
     "trustPickle": false}

The digest is verified before anything is loaded. Without a format the name's ending tells it. skops is loaded by its
fixed list of types; joblib and pickle, which run code, only with `trustPickle` (spec.deploy.runtime.allowPickle).
The rows are those that a training of the same spec would have kept apart (all, without a holdout); nothing is known of
what the model learned from elsewhere, so it may have seen them, and a note says so.

The report is a result of the metric contract (`tenure.contract.result`): metrics, data and the artifact as verified.
"""

SEEN_NOTE = "trained elsewhere: it may have learned from the rows it was measured on"
"""Stands in the notes of every version that was measured in this way."""
