"""The samples, applied to a real API server: good ones are taken, bad ones refused with field and remedy."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import yaml

from tenure.api.mlmodel import MLModel
from tenure.api.modelversion import ModelVersion
from tenure.api.violations import violations

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "tests" / "samples"
MARK = "# refused: "
Apply = Callable[..., CompletedProcess[str]]


def named(folder: Path) -> list[Any]:
    return [pytest.param(path, id=path.stem) for path in sorted(folder.glob("*.yaml"))]


good = pytest.mark.parametrize("path", named(SAMPLES / "good"))
bad = pytest.mark.parametrize("path", named(SAMPLES / "bad"))
example = pytest.mark.parametrize("path", named(ROOT / "manifests" / "examples"))


@pytest.mark.cluster
@good
def test_the_api_server_takes_a_good_sample(apply: Apply, path: Path) -> None:
    answer = apply(path.read_text(encoding="utf-8"), "--dry-run=server")
    assert answer.returncode == 0, answer.stderr


@pytest.mark.cluster
@bad
def test_the_api_server_refuses_a_bad_sample_in_words_that_help(apply: Apply, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    expected = [line.removeprefix(MARK) for line in text.splitlines() if line.startswith(MARK)]
    assert expected, f"{path.name} does not say what its refusal must contain"
    answer = apply(text, "--dry-run=server")
    assert answer.returncode != 0, "it was taken"
    for words in expected:
        assert words in answer.stderr


@good
def test_a_good_sample_is_parsed_and_means_what_it_says(path: Path) -> None:
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    if raw["kind"] == "ModelVersion":
        assert ModelVersion.model_validate(raw).spec.version == raw["spec"]["version"]
        return
    model = MLModel.model_validate(raw)
    assert violations(model.spec) == ()
    assert MLModel.model_validate(model.as_yaml()) == model


@pytest.mark.cluster
@example
def test_the_api_server_takes_an_example(apply: Apply, path: Path) -> None:
    documents = [one for one in yaml.safe_load_all(path.read_text(encoding="utf-8")) if one]
    ours = [one for one in documents if one["apiVersion"].startswith("tenure.dev/")]
    assert ours
    for document in ours:
        document["metadata"].pop("namespace", None)
        answer = apply(yaml.safe_dump(document), "--dry-run=server")
        assert answer.returncode == 0, answer.stderr


@example
def test_an_example_has_no_contradiction(path: Path) -> None:
    for raw in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        if raw and raw["kind"] == "MLModel":
            assert violations(MLModel.model_validate(raw).spec) == ()
