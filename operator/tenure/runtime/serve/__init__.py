"""The model server: Open Inference Protocol v2 and v1 over HTTP, with drift capture off the request path."""
