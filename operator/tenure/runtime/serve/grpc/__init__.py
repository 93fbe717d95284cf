"""The Open Inference Protocol v2 over gRPC: an opt-in of `deploy.runtime.grpc`; nothing else imports this package."""
