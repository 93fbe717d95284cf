"""The commands: each a sentence of help, its arguments and what it does."""
