"""A Prometheus that reads the operator and every model server once a second."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from localkube import packages
from localkube.addons import Access, Addon, is_open, run
from localkube.settings import NODE_ADDRESS, SOURCES, Place, cache_folder
from localkube.tools import find_binary

PORT = 9090


def render_configuration(targets: Path) -> str:
    """Return what to read; JSON is YAML too."""
    pods = {"job_name": "pods", "file_sd_configs": [{"files": [str(targets)], "refresh_interval": "5s"}]}
    return json.dumps({"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": [pods]}, indent=1)


def start(place: Place, folder: Path) -> Access:
    unpacked = cache_folder() / "bin" / "prometheus"
    packages.unpack("prometheus", unpacked)
    configuration = folder / "prometheus.yml"
    targets = folder / "targets.json"
    targets.unlink(missing_ok=True)
    configuration.write_text(render_configuration(targets))
    watch: list[str | Path] = [
        *(sys.executable, "-m", "localkube.targets"),
        *(find_binary("kubernetes", "kubectl"), place.kubeconfig, targets),
    ]
    address = f"{NODE_ADDRESS}:{PORT}"
    command: list[str | Path] = [
        unpacked / "usr" / "bin" / "prometheus",
        f"--config.file={configuration}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
        "--query.lookback-delta=10s",
    ]
    run(place, "prometheus", command, {}, lambda: is_open(PORT))
    run(place, "prometheus-targets", watch, {"PYTHONPATH": str(SOURCES)}, targets.exists)
    return {"url": f"http://{address}"}


PROMETHEUS = Addon("prometheus", ("prometheus", "prometheus-targets"), start)
