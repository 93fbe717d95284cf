"""Stories of the kubectl plugin."""
