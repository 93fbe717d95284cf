"""The demonstration: from nothing to a prediction of a model in use."""
