"""The kubectl plugin `kubectl tenure`: a model's life read, decided on and evidenced from a terminal."""
