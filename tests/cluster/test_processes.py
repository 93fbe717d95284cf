"""Which process is ours: only the one with the recorded id, start time and boot."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from localkube.processes import find_pid, parse_stat, start
from localkube.settings import Place


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "run").mkdir()
    return Place(tmp_path / "run")


@pytest.fixture
def sleeper(place: Place, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = start(place, "sleeper", ["sleep", "60"], tmp_path / "group")
    record = place.processes / "sleeper"
    until = time.monotonic() + 10
    while not record.exists() and time.monotonic() < until:
        time.sleep(0.01)
    yield process
    process.kill()
    process.wait()


def test_a_started_component_is_found_by_its_record(place: Place, sleeper: subprocess.Popen[bytes]) -> None:
    assert find_pid(place.processes / "sleeper") == sleeper.pid


def test_a_component_puts_itself_into_its_group_before_it_runs(
    place: Place, sleeper: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    assert (tmp_path / "group").read_text().strip() == str(sleeper.pid)


def test_a_dead_component_that_nobody_has_waited_for_is_not_alive(
    place: Place, sleeper: subprocess.Popen[bytes]
) -> None:
    sleeper.kill()
    until = time.monotonic() + 10
    while find_pid(place.processes / "sleeper") is not None and time.monotonic() < until:
        time.sleep(0.01)
    assert find_pid(place.processes / "sleeper") is None


def test_another_process_with_the_same_id_is_not_ours(place: Place, sleeper: subprocess.Popen[bytes]) -> None:
    record = place.processes / "sleeper"
    boot, stat = record.read_text().splitlines()
    began = parse_stat(stat)[2]
    record.write_text(f"{boot}\n{stat.replace(f' {began} ', f' {began - 1} ')}\n")
    assert find_pid(record) is None


def test_a_process_of_another_boot_is_not_ours(place: Place, sleeper: subprocess.Popen[bytes]) -> None:
    record = place.processes / "sleeper"
    _, stat = record.read_text().splitlines()
    record.write_text(f"00000000-0000-0000-0000-000000000000\n{stat}\n")
    assert find_pid(record) is None


@pytest.mark.parametrize("text", ["", "half a rec", "boot\n", "boot\nnot a stat line\n"])
def test_a_half_written_record_is_nobody(tmp_path: Path, text: str) -> None:
    record = tmp_path / "record"
    record.write_text(text)
    assert find_pid(record) is None


def test_a_process_name_with_spaces_and_parentheses_is_read_over() -> None:
    line = "42 (a (b) c) S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 4096 1"
    assert parse_stat(line) == (42, "S", 98765)


def test_our_own_start_time_is_the_one_of_proc() -> None:
    line = Path("/proc/self/stat").read_text()
    assert parse_stat(line)[0] == os.getpid()
    assert parse_stat(line)[2] == int(line.rsplit(") ", 1)[1].split()[19])
