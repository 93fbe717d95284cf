"""The serving benchmark: this server against KServe, MLServer, FastAPI and BentoML in one run.

`make bench-serving`, or `python tests/bench/serving/run.py [--servers a,b] [--models lr,rf] [--seconds 4]`. The server
has one core and the load generator the other. Prints a table and writes the same numbers as JSON. `--quick` measures
ours, ours with ONNX and KServe in under eight minutes (installing KServe aside); `--rounds 3` measures everything three
times, servers in turn, and tells the medians: on a busy machine one round says little.
"""

import argparse
import importlib.util
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import peers  # noqa: E402 a script beside this one

SERVER_CORE, CLIENT_CORE = "0", "1"
CLIENTS = {
    "1 client": (1, 1), "8 clients": (8, 1), "64 clients": (64, 1), "192 clients": (192, 1), "batch 100": (1, 100),
}  # fmt: skip
PEAK, THREEFOLD, OVERLOAD = "64 clients", "192 clients", "3072 clients"
"""3072 clients are three times what our queue holds: two thirds are told to come back. Peers have no such bound."""

QUICK = {"servers": "tenure,tenure-onnx,kserve", "models": "lr,rf,hgb", "seconds": 1.5}
TICKS = os.sysconf("SC_CLK_TCK")
READY_SECONDS = 90


def main() -> None:
    """Run everything that was asked for."""
    given = _arguments()
    folder = peers.CACHE / "models"
    folder.mkdir(parents=True, exist_ok=True)
    tables, data = _data(folder)
    servers = [peers.SERVERS[name] for name in given.servers.split(",")]
    for server in servers:
        server.install()
        peers.prepare(server, folder, data, given.models.split(","))
    results: list[dict[str, Any]] = []
    for model in given.models.split(","):
        rows = tables[model == "mixed"].iloc[:100, :-1].to_dict("records")
        rounds: dict[str, list[dict[str, Any]]] = {server.name: [] for server in servers}
        for _ in range(given.rounds):
            for server in servers:
                rounds[server.name].append(_measured(server, model, folder, rows, given.seconds))
                print(_line(rounds[server.name][-1]), flush=True)
        results += [_medians(found) for found in rounds.values()]
        # After every model, so that a run that is broken off leaves what it has.
        given.output.write_text(json.dumps({"load": os.getloadavg(), "results": results}, indent=1))
    print("\n" + _table(results) + f"\n\nwritten to {given.output}")


def _measured(server: peers.Server, model: str, folder: Path, rows: list[Any], seconds: float) -> dict[str, Any]:
    """Cold start, memory and every number of clients of one server with one model."""
    port = _free_port()
    began = time.perf_counter()
    started = peers.start(server, model, folder, port, SERVER_CORE)
    found: dict[str, Any] = {"server": server.name, "model": model}
    try:
        _await_ready(started)
        found["coldStartSeconds"] = time.perf_counter() - began
        for label, (clients, count) in CLIENTS.items():
            found[label] = _load(server, started, model, folder, rows[:count], clients, seconds)
        if not server.packages:
            found[OVERLOAD] = _load(server, started, model, folder, rows[:1], 3072, seconds + 1)
        found["pssMiB"] = _pss(started.process.pid) / 1024
    except (TimeoutError, RuntimeError, subprocess.CalledProcessError) as wrong:
        found["failed"] = str(wrong)[:300]
    finally:
        started.process.terminate()
        try:
            started.process.wait(20)
        except subprocess.TimeoutExpired:
            started.process.kill()
            started.process.wait()
    return found


def _medians(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """One result from several: the median of every number; one that failed fails them all."""
    failed = next((found for found in rounds if "failed" in found), None)
    if failed is not None or len(rounds) == 1:
        return failed or rounds[0]
    merged = dict(rounds[0])
    for name, value in rounds[0].items():
        if isinstance(value, dict):
            merged[name] = {key: statistics.median(one[name][key] for one in rounds) for key in value}
        elif isinstance(value, float):
            merged[name] = statistics.median(one[name] for one in rounds)
    return merged


def _load(
    server: peers.Server,
    started: peers.Started,
    model: str,
    folder: Path,
    rows: list[Any],
    clients: int,
    seconds: float,
) -> dict[str, float]:
    body = folder / "body.json"
    body.write_bytes(peers.body_for(server, model, rows))
    request = urllib.request.Request(
        f"http://127.0.0.1:{started.port}{started.infer_path}", body.read_bytes(), {"content-type": "application/json"}
    )
    try:
        urllib.request.urlopen(request, timeout=30).read()
    except urllib.error.HTTPError as wrong:
        raise RuntimeError(f"refused the request: {wrong.code} {wrong.read()[:200]!r}") from wrong
    command = [
        "taskset", "-c", CLIENT_CORE, sys.executable, str(HERE / "load.py"), "--port", str(started.port),
        "--path", started.infer_path, "--body", str(body), "--clients", str(clients), "--seconds", str(seconds),
    ]  # fmt: skip
    before = _cpu_seconds(started.process.pid)
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    # What a request costs the server is the same on a busy machine, where requests per second are not.
    found["cpuMicroseconds"] = (_cpu_seconds(started.process.pid) - before) / max(1, found["answers"]) * 1e6
    return found


def _await_ready(started: peers.Started) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if started.process.poll() is not None:
            raise RuntimeError("the server ended before it was ready")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{started.port}{started.ready_path}", timeout=2)
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError("the server was not ready in time")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _pss(root: int) -> float:
    """Proportional memory of a process and all it started, in KiB."""
    total = 0.0
    for pid in _family(root):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        total += sum(float(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total


def _cpu_seconds(root: int) -> float:
    """Processor time of a process and all it started."""
    total = 0
    for pid in _family(root):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def _family(root: int) -> list[int]:
    """A process and all it started."""
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        for task in Path(f"/proc/{pid}/task").iterdir():
            waiting += [int(child) for child in (task / "children").read_text().split()]
    return found


def _data(folder: Path) -> tuple[Any, list[Path]]:
    specification = importlib.util.spec_from_file_location("bench_models", HERE / "models.py")
    assert specification is not None
    assert specification.loader is not None
    models = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(models)
    tables = models.tables()
    paths = [folder / "numbers.csv", folder / "mixed.csv"]
    for table, path in zip(tables, paths, strict=True):
        table.to_csv(path, index=False)
    return tables, paths


def _line(found: dict[str, Any]) -> str:
    if "failed" in found:
        return f"{found['server']:18} {found['model']:6} failed: {found['failed']}"
    figures = " ".join(
        f"{label}: {found[label]['requestsPerSecond']:.0f}/s p99 {found[label]['p99Milliseconds']:.2f} ms "
        f"{found[label]['cpuMicroseconds']:.0f} us"
        + (f" ({found[label]['errors']} errors)" if found[label]["errors"] else "")
        for label in (*CLIENTS, OVERLOAD)
        if label in found
    )
    cost = f"cold {found['coldStartSeconds']:.2f} s, {found['pssMiB']:.0f} MiB"
    return f"{found['server']:18} {found['model']:6} {figures} {cost}"


def _table(results: list[dict[str, Any]]) -> str:
    lines = [
        "| model | server | "
        + " | ".join(f"{label} (req/s, p50, p99 ms, CPU us)" for label in CLIENTS)
        + f" | answered, of {PEAK}: {THREEFOLD}, {OVERLOAD} | cold s | MiB |"
    ]
    lines.append("|" + "---|" * (len(CLIENTS) + 5))
    for found in sorted(results, key=lambda one: str(one["model"])):
        if "failed" in found:
            lines.append(f"| {found['model']} | {found['server']} | failed: {found['failed']} |")
            continue
        cells = []
        for label in CLIENTS:
            one = found[label]
            times = f"{one['requestsPerSecond']:.0f}, {one['p50Milliseconds']:.2f}, {one['p99Milliseconds']:.2f}"
            times += f", {one['cpuMicroseconds']:.0f}"
            cells.append(times + _against(results, found, label))
        peak = found[PEAK]["requestsPerSecond"]
        kept = ", ".join(
            f"{found[one]['requestsPerSecond'] / peak:.0%}" for one in (THREEFOLD, OVERLOAD) if one in found
        )
        cost = f"{kept} | {found['coldStartSeconds']:.2f} | {found['pssMiB']:.0f}"
        lines.append(f"| {found['model']} | {found['server']} | {' | '.join(cells)} | {cost} |")
    return "\n".join(lines)


def _against(results: list[dict[str, Any]], found: dict[str, Any], label: str) -> str:
    """How many times KServe's requests per second, and how many times less processor time per request."""
    for other in results:
        if other["server"] == "kserve" and other["model"] == found["model"] and label in other and other is not found:
            faster = found[label]["requestsPerSecond"] / other[label]["requestsPerSecond"]
            cheaper = other[label]["cpuMicroseconds"] / max(1.0, found[label]["cpuMicroseconds"])
            return f" ({faster:.1f}x, CPU {cheaper:.1f}x)"
    return ""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    quick = QUICK if "--quick" in sys.argv else {}
    parser.add_argument("--quick", action="store_true", help=f"{QUICK}, unless said otherwise")
    parser.add_argument("--servers", default=quick.get("servers", ",".join(peers.SERVERS)))
    parser.add_argument("--models", default=quick.get("models", ",".join(peers.ESTIMATORS)))
    parser.add_argument("--seconds", type=float, default=quick.get("seconds", 4.0))
    parser.add_argument("--rounds", type=int, default=1, help="measure so many times, servers in turn; the medians")
    parser.add_argument("--output", type=Path, default=peers.CACHE / "serving.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
