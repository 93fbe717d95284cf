"""The edge of reading: objects as the API server gives them, and records, become nouns."""
