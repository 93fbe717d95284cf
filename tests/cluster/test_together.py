"""Long things at the same time: bad news comes at once."""

import time
from pathlib import Path

import pytest
from localkube.console import Failed, run_logged
from localkube.together import do_together


def test_all_of_it_is_done(tmp_path: Path) -> None:
    do_together((tmp_path / "a").touch, (tmp_path / "b").touch)
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b"}


def test_one_failure_ends_what_the_others_run(tmp_path: Path) -> None:
    def fail() -> None:
        time.sleep(0.2)
        raise Failed("the mirror is gone")

    began = time.monotonic()
    with pytest.raises(Failed, match="the mirror is gone"):
        do_together(lambda: run_logged(["sleep", "60"], tmp_path / "log"), fail)
    assert time.monotonic() - began < 30


def test_a_failed_command_shows_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"exit code 3(.|\n)*no space left"):
        run_logged(["sh", "-c", "echo no space left; exit 3"], tmp_path / "log")
