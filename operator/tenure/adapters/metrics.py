"""The operator's own metrics, under the names controller-runtime uses, so that existing dashboards fit."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

CONTROLLER = "mlmodel"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_QUEUE_SECONDS = (0.0001, 0.001, 0.01, 0.1, 1, 10, 100, 1000)


class Metrics:
    """All metrics of one operator process, with labels bound once."""

    def __init__(self, workers: int) -> None:
        self.registry = CollectorRegistry()
        # controller-runtime: pkg/internal/controller/metrics/metrics.go
        total = self._counter("controller_runtime_reconcile_total", "Passes by result.", ["controller", "result"])
        results = ("success", "error", "requeue", "requeue_after")
        self.passes = {result: total.labels(CONTROLLER, result) for result in results}
        errors = self._counter("controller_runtime_reconcile_errors_total", "Passes that raised.", ["controller"])
        self.errors = errors.labels(CONTROLLER)
        self.pass_seconds = self._histogram(
            "controller_runtime_reconcile_time_seconds", "Length of a pass.", ["controller"], _SECONDS
        ).labels(CONTROLLER)
        self.active = self._gauge("controller_runtime_active_workers", "Workers at work.", ["controller"]).labels(
            CONTROLLER
        )
        most = self._gauge("controller_runtime_max_concurrent_reconciles", "Workers in all.", ["controller"])
        most.labels(CONTROLLER).set(workers)
        # client-go: util/workqueue metrics
        name = ["name"]
        self._depth = self._gauge("workqueue_depth", "Keys in line.", name).labels(CONTROLLER)
        self._adds = self._counter("workqueue_adds_total", "Keys lined up.", name).labels(CONTROLLER)
        self._retries = self._counter("workqueue_retries_total", "Keys put off by back-off.", name).labels(CONTROLLER)
        self._queue_seconds = self._histogram(
            "workqueue_queue_duration_seconds", "Time in line.", name, _QUEUE_SECONDS
        ).labels(CONTROLLER)
        self._work_seconds = self._histogram(
            "workqueue_work_duration_seconds", "Time in a worker.", name, _QUEUE_SECONDS
        ).labels(CONTROLLER)
        self.longest = self._gauge(
            "workqueue_longest_running_processor_seconds", "Age of the oldest pass at work.", name
        ).labels(CONTROLLER)
        # client-go: tools/metrics
        self._calls = self._counter("rest_client_requests_total", "Calls to the API server.", ["method", "code"])
        self._call_seconds = self._histogram(
            "rest_client_request_duration_seconds", "Length of a call.", ["verb"], _SECONDS
        )
        self.models = self._gauge("tenure_models", "Models by phase.", ["phase"])
        self.works = Gauge("tenure_operator_works", "1 while it works, 0 on stand-by.", registry=self.registry)
        self.watch_restarts = Counter("tenure_watch_restarts", "Restarts of the watches.", registry=self.registry)

    def called(self, method: str, code: int, seconds: float) -> None:
        self._calls.labels(method, str(code) if code else "<error>").inc()
        self._call_seconds.labels(method).observe(seconds)

    def added(self, depth: int) -> None:
        self._adds.inc()
        self._depth.set(depth)

    def taken(self, waited_seconds: float, depth: int) -> None:
        self._queue_seconds.observe(waited_seconds)
        self._depth.set(depth)
        self.active.inc()

    def finished(self, worked_seconds: float) -> None:
        self._work_seconds.observe(worked_seconds)
        self.active.dec()

    def retried(self) -> None:
        self._retries.inc()

    def watch_longest(self, age: Callable[[], float]) -> None:
        self.longest.set_function(age)

    def _counter(self, name: str, text: str, labels: list[str]) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, labels: list[str]) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, labels: list[str], buckets: tuple[float, ...]) -> Histogram:
        return Histogram(name, text, labels, registry=self.registry, buckets=buckets)
