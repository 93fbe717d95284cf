"""A real single-node Kubernetes as plain processes, for machines without a container engine."""
