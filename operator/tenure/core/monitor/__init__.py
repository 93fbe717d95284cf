"""Monitoring: what was read becomes what is shown and decided; pure, time comes in as a value."""
