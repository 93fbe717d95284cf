"""The world outside: the API server, serving pods, metric sources and stores. Errors are translated here, once."""
