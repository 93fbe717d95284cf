"""The command line of the local cluster."""

from __future__ import annotations

import argparse
import sys

from localkube import boot, clean, images, packages
from localkube.console import Failed, step
from localkube.settings import find_place
from localkube.tools import find_binary, only_one


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 tests/cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="bring the cluster up; a live one stays as it is")
    commands.add_parser("down", help="take the cluster away")
    commands.add_parser("kubeconfig", help="print where the administrator's kubeconfig is")
    commands.add_parser("images", help="build the project's images if their sources changed, and load them")
    load = commands.add_parser("load", help="give the cluster an image archive, or an image built here")
    load.add_argument("image", metavar="IMAGE_ARCHIVE|NAME")
    tool = commands.add_parser("tool", help="compile one program and print where it is")
    tool.add_argument("module")
    tool.add_argument("name", nargs="?")
    return parser.parse_args(arguments)


def run(asked: argparse.Namespace) -> None:
    place = find_place()
    match asked.command:
        case "up":
            boot.up(place)
        case "down":
            packages.need_root()
            with only_one(f"cluster-{place.name}"), step("Taking the cluster away"):
                clean.down(place)
        case "images":
            images.build_images()
            images.load_images(place)
        case "load":
            images.load(place, asked.image)
        case "kubeconfig":
            print(place.kubeconfig)
        case "tool":
            print(find_binary(asked.module, asked.name))


def main() -> int:
    try:
        run(parse(sys.argv[1:]))
    except Failed as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
