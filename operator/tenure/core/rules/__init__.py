"""The rules: one function, one opinion or None; their order is the policy (see `tenure.core.policy`)."""
