"""The command `serve`: verify, load, test, answer until SIGTERM, drain."""

import asyncio
import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tenure.contract import baseline as contract
from tenure.contract.baseline import Baseline
from tenure.contract.failures import FailureReason
from tenure.runtime import loader
from tenure.runtime.refused import Refused
from tenure.runtime.serve import memory, workers
from tenure.runtime.serve import model as models
from tenure.runtime.serve.app import App
from tenure.runtime.serve.http import Limits, Server
from tenure.runtime.serve.model import Model
from tenure.runtime.serve.notice import follow
from tenure.runtime.serve.settings import Settings, read_settings

if TYPE_CHECKING:
    from tenure.runtime.serve.grpc.service import Service

NOTICE_SECONDS = 2.0
"""How long a draining server still accepts: the time it takes until every node's routing has heard of it."""

BACKLOG = 1024

ANSWERED_BY = {
    "sklearn_onnx": "by ONNX Runtime",
    "sklearn_numpy": "by its NumPy form",
    "sklearn_skops": "by scikit-learn",
}


def run(environment: Mapping[str, str]) -> None:
    """Serve the model that the environment names."""
    settings = read_settings(environment)
    app = App(settings, load(settings))
    memory.settle()
    listener = listen(settings)
    if settings.workers == 1:
        work(settings, app, listener, 0)
    else:
        workers.supervise(
            settings.workers, lambda number: work(settings, app, listener, number), settings.drain_seconds
        )


def load(settings: Settings) -> Model:
    """Verify the artifact, load it and let it answer its examples."""
    loader.verify(settings.artifact, settings.digest)
    baseline = _read_baseline(settings.baseline)
    content = settings.artifact.read_bytes()
    if settings.format == "skops":
        model = models.from_skops(content, baseline)
    else:
        estimator = loader.unpickle(content, settings.format, settings.digest, is_trusted=settings.trust_pickle)
        model = models.from_estimator(estimator, baseline, why_not_faster=f"a {settings.format} file")
    how = ANSWERED_BY[model.engine.platform]
    how += f" ({model.why_not_faster} has no faster form)" if model.why_not_faster else ""
    if model.why_not_onnx:
        say(f"the ONNX form is not used: {model.why_not_onnx}")
    say(f"loaded {settings.model} version {settings.version}: {model.inputs.width} columns, {how}, self-test passed")
    return model


def listen(settings: Settings) -> socket.socket:
    """Open the port."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((settings.host, settings.port))
    listener.listen(BACKLOG)
    say(f"serving on {settings.host}:{settings.port}")
    return listener


def work(settings: Settings, app: App, listener: socket.socket, number: int) -> None:
    """Answer as one worker until SIGTERM."""
    import uvloop

    app.telemetry.counters.use(number)
    if app.capture is not None:
        app.capture.use(number)
    uvloop.run(serve(settings, app, listener))


async def serve(settings: Settings, app: App, listener: socket.socket) -> None:
    """Answer, and drain on SIGTERM."""
    loop = asyncio.get_running_loop()
    # First of all: another worker may already answer, so that the pod can be told to end while this one still starts.
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    app.inference.batcher.start(loop)
    if app.capture is not None:
        app.capture.start()
    service = await _grpc_service(settings, app)
    server = Server(app.handle, Limits(settings.most_body_bytes, settings.read_seconds, settings.idle_seconds))
    accepting = await loop.create_server(server.connect, sock=listener)
    sweeper = asyncio.create_task(server.sweep_for_ever())
    follower = asyncio.create_task(follow(settings.notice, app.inference.announce, say))
    await ended.wait()
    app.is_draining = True
    # From the notice on every answer asks the client to close, so that no kept connection is cut between two requests.
    server.is_draining = True
    say("draining: not ready any more, finishing what is under way")
    await asyncio.sleep(NOTICE_SECONDS)
    accepting.close()
    rest = max(1.0, settings.drain_seconds - NOTICE_SECONDS)
    finished, *_ = await asyncio.gather(server.drain(rest), *((service.stop(rest),) if service else ()))
    sweeper.cancel()
    follower.cancel()
    app.inference.batcher.stop()
    if app.capture is not None:
        app.capture.stop()
    say("drained" if finished else "stopped with requests under way: the time for draining is over")


async def _grpc_service(settings: Settings, app: App) -> "Service | None":
    """Start gRPC where it is on; its libraries cost memory, and must be started after the fork of a worker."""
    if not settings.grpc_port:
        return None
    from tenure.runtime.serve.grpc.service import Service

    service = Service(settings, app)
    await service.start()
    say(f"serving gRPC on {settings.host}:{settings.grpc_port}")
    return service


def say(line: str) -> None:
    """One line of the log."""
    print(line, flush=True)


def _read_baseline(path: Path | None) -> Baseline | None:
    if path is None or not path.is_file():
        return None
    try:
        return contract.loads(path.read_text(encoding="utf-8"))
    except contract.NotABaselineError as wrong:
        raise Refused(FailureReason.ARTIFACT_REFUSED, f"{path.name}: {wrong}") from wrong
