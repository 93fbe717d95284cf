"""The command `serve`: verify, load, test, answer until SIGTERM, drain."""

import asyncio
import gc
import signal
from collections.abc import Mapping
from pathlib import Path

from tenure.contract import baseline as contract
from tenure.contract.baseline import Baseline
from tenure.contract.failures import FailureReason
from tenure.runtime import loader
from tenure.runtime.refused import Refused
from tenure.runtime.serve.app import App
from tenure.runtime.serve.asgi import Asgi
from tenure.runtime.serve.model import Model
from tenure.runtime.serve.settings import Settings, read_settings

NOTICE_SECONDS = 2.0
"""How long a draining server still accepts: the time it takes until every node's routing has heard of it."""


def run(environment: Mapping[str, str]) -> None:
    """Serve the model that the environment names."""
    settings = read_settings(environment)
    model = load(settings)
    gc.collect()
    gc.freeze()  # the model lives as long as the process: the collector need never look at it again
    asyncio.run(_serve(settings, App(settings, model)))


def load(settings: Settings) -> Model:
    """Verify the artifact, load it and let it answer its examples."""
    loader.verify(settings.artifact, settings.digest)
    estimator = loader.loads(settings.artifact.read_bytes())
    model = Model(estimator, _read_baseline(settings.baseline))
    model.warm_up()
    print(
        f"loaded {settings.model} version {settings.version}: {model.inputs.width} inputs, self-test passed", flush=True
    )
    return model


def _read_baseline(path: Path | None) -> Baseline | None:
    if path is None or not path.is_file():
        return None
    try:
        return contract.loads(path.read_text(encoding="utf-8"))
    except contract.NotABaselineError as wrong:
        raise Refused(FailureReason.ARTIFACT_REFUSED, f"{path.name}: {wrong}") from wrong


async def _serve(settings: Settings, app: App) -> None:
    import uvicorn

    loop = asyncio.get_running_loop()
    app.batcher.start(loop)
    if app.capture is not None:
        app.capture.start()
    server = uvicorn.Server(
        uvicorn.Config(
            Asgi(app, settings.most_body_bytes), host=settings.host, port=settings.port, http="httptools", loop="none",
            lifespan="off", access_log=False, log_level="warning", server_header=False, date_header=False,
            timeout_keep_alive=int(settings.idle_seconds), timeout_graceful_shutdown=int(settings.drain_seconds),
        )
    )  # fmt: skip
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]

    def drain() -> None:
        app.is_draining = True
        print("draining: not ready any more, finishing what is under way", flush=True)
        loop.call_later(NOTICE_SECONDS, setattr, server, "should_exit", True)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, drain)
    print(f"serving on {settings.host}:{settings.port}", flush=True)
    await server._serve()
    app.batcher.stop()
    if app.capture is not None:
        app.capture.stop()
    print("drained", flush=True)
