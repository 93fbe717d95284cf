"""The comparison step: challenger and champion on the same fresh rows."""
