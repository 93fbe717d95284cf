"""The Kubernetes API of Tenure: models of MLModel and ModelVersion, and the CRDs generated from them."""
