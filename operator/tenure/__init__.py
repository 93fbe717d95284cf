"""Tenure: the whole working life of a machine-learning model on Kubernetes."""

__version__ = "0.1.0"
