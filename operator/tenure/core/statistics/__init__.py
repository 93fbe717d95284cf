"""Statistics the operator decides by: pure functions over counts, standard library only, each with its source."""
