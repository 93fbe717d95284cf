"""Where the values of signals are read: serving pods, Prometheus, JSON over HTTP. No reader raises; it says why."""
