"""Where the base image's packages come from: the mirror this machine uses for its own release."""

from pathlib import Path

from localkube.base_image import find_mirror, find_sources
from localkube.configuration import find_name_servers

STANZAS = """\
Types: deb
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/x.gpg

Types: deb-src
URIs: http://sources.example/debian
Suites: bookworm
Components: main

Types: deb
URIs: http://security.example/debian
Suites: bookworm-security
Components: main
"""


def write_apt(folder: Path, **files: str) -> Path:
    (folder / "sources.list.d").mkdir()
    for name, text in files.items():
        (folder / "sources.list.d" / name.replace("_", ".")).write_text(text)
    return folder


def test_the_mirror_is_read_from_stanzas(tmp_path: Path) -> None:
    sources = find_sources(write_apt(tmp_path, debian_sources=STANZAS))
    assert find_mirror(sources, "bookworm") == "http://mirror.example/debian"


def test_the_mirror_is_read_from_lines(tmp_path: Path) -> None:
    text = (
        "# deb http://old.example bookworm main\ndeb [arch=amd64 signed-by=/k.gpg] http://lines.example bookworm main\n"
    )
    (tmp_path / "sources.list").write_text(text)
    assert find_mirror(find_sources(tmp_path), "bookworm") == "http://lines.example"


def test_a_third_partys_packages_are_not_a_mirror(tmp_path: Path) -> None:
    third_party = "deb https://packages.example/apt cloud-sdk-bookworm main\ndeb http://x.example bookworm contrib\n"
    sources = find_sources(write_apt(tmp_path, other_list=third_party))
    assert find_mirror(sources, "bookworm") is None


def test_name_servers_are_those_of_the_host(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text(
        "search x.example\nnameserver 192.0.2.1\n# nameserver 192.0.2.9\nnameserver\nnameserver 192.0.2.2\n"
    )
    assert find_name_servers(file) == ["192.0.2.1", "192.0.2.2"]


def test_a_host_without_name_servers_has_none(tmp_path: Path) -> None:
    assert find_name_servers(tmp_path / "absent") == []
