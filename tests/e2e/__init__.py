"""Stories on a real cluster: the operator runs in it, each story has a namespace of its own."""
