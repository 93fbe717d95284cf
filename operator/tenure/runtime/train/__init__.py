"""The training step: data in; artifact, baseline and metrics out."""
