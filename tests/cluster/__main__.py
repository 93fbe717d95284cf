"""The command line of the cluster that tests and the demo run on."""

from __future__ import annotations

import argparse
import json
import os
import sys

from localkube.addons import provide
from localkube.clusters import Cluster, open_cluster
from localkube.console import Failed
from localkube.gateway import GATEWAY
from localkube.lock import write_locks
from localkube.prometheus import PROMETHEUS
from localkube.s3 import S3
from localkube.settings import find_place
from localkube.together import do_together
from localkube.tools import find_binary
from localkube.venv import make_venv

ADDONS = {addon.name: addon for addon in (S3, PROMETHEUS, GATEWAY)}


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 tests/cluster", description=__doc__)
    parser.add_argument(
        "--on",
        default=os.environ.get("CLUSTER", ""),
        metavar="CLUSTER",
        help="local, kind or current (or the variable CLUSTER); by default kind where Docker and kind are, else local",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="bring the cluster up; a live one stays as it is")
    commands.add_parser("down", help="take the cluster away")
    commands.add_parser("status", help="tell how each part of the cluster is")
    commands.add_parser("kubeconfig", help="print where the administrator's kubeconfig is")
    commands.add_parser(
        "images", help="build the project's images if their sources changed, load them, print their names"
    )
    commands.add_parser("setup", help="up, images and venv, one beside the other")
    image = commands.add_parser("image", help="build one image of tests/cluster/images, load it, print its name")
    image.add_argument("wanted", metavar="NAME")
    load = commands.add_parser("load", help="give the cluster an image archive, or an image built here")
    load.add_argument("image", metavar="IMAGE_ARCHIVE|NAME")
    tool = commands.add_parser("tool", help="compile one more program and print where it is")
    tool.add_argument("module")
    tool.add_argument("name", nargs="?", help="which of the module's programs, if it has several")
    addon = commands.add_parser("addon", help="start one more server beside the local cluster, print how to reach it")
    addon.add_argument("name", choices=list(ADDONS))
    commands.add_parser("venv", help="make the Python environment for tests and lint, print where it is")
    commands.add_parser("lock", help="write the lock files in operator/lock")
    return parser.parse_args(arguments)


def set_up(cluster: Cluster) -> None:
    """Do everything that tests and demo need. On a new machine most is compiling; the rest runs beside it."""
    do_together(cluster.up, cluster.build_images, make_venv)
    cluster.deliver_images()


def run(asked: argparse.Namespace) -> bool:
    """Do what was asked and tell whether all is well."""
    match asked.command:
        case "tool":
            print(find_binary(asked.module, asked.name))
            return True
        case "addon":
            print(json.dumps(provide(find_place(), ADDONS[asked.name])))
            return True
        case "venv":
            print(make_venv())
            return True
        case "lock":
            write_locks()
            return True
    cluster = open_cluster(asked.on)
    match asked.command:
        case "up":
            cluster.up()
        case "down":
            cluster.down()
        case "status":
            return cluster.show()
        case "setup":
            set_up(cluster)
        case "images":
            cluster.build_images()
            print(json.dumps(cluster.deliver_images()))
        case "image":
            print(cluster.provide(asked.wanted))
        case "load":
            cluster.load(asked.image)
        case "kubeconfig":
            print(cluster.kubeconfig())
    return True


def main() -> int:
    try:
        return 0 if run(parse(sys.argv[1:])) else 1
    except Failed as failure:
        sys.stderr.write(f"\n{failure}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped; the next `up` cleans what is half done.\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
