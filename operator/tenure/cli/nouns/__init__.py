"""What the terminal knows of a model: frozen nouns, read once from the API server or from a record."""
