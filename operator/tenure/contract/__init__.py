"""What the operator and the pods it starts agree on; the standard library only, imported by both."""
