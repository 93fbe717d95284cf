"""The samples, applied to a real API server: good ones are taken, bad ones refused with field and remedy."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, get_args

import pytest
import yaml

from tenure.api.common import Model
from tenure.api.kube import EnvFrom, EnvVar, Toleration, VolumeMount
from tenure.api.mlmodel import MLModel, MLModelSpec
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


@pytest.fixture(scope="module")
def answers(apply: Apply) -> dict[str, str]:
    """Ask the API server about every sample in one go; return its answer by the name of the object."""
    paths = [path for folder in ("good", "bad") for path in sorted((SAMPLES / folder).glob("*.yaml"))]
    answer = apply("\n---\n".join(path.read_text(encoding="utf-8") for path in paths), "--dry-run=server")
    lines = (answer.stdout + answer.stderr).splitlines()
    # KIND/NAME serverside-applied | ... KIND "NAME" is invalid: ... | ... (NAMESPACE/NAME; ...
    named = {name: re.compile(rf'["/]{re.escape(name)}[" ;]') for name in map(name_in, paths)}
    return {name: next(filter(pattern.search, lines), "no answer") for name, pattern in named.items()}


def name_in(path: Path) -> str:
    return str(yaml.safe_load(path.read_text(encoding="utf-8"))["metadata"]["name"])


def test_every_sample_has_a_name_of_its_own() -> None:
    names = [name_in(path) for path in sorted(SAMPLES.glob("*/*.yaml"))]
    assert len(names) == len(set(names))


@pytest.mark.cluster
@good
def test_the_api_server_takes_a_good_sample(answers: dict[str, str], path: Path) -> None:
    assert "serverside-applied" in answers[name_in(path)]


@pytest.mark.cluster
@bad
def test_the_api_server_refuses_a_bad_sample_in_words_that_help(answers: dict[str, str], path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    expected = [line.removeprefix(MARK) for line in text.splitlines() if line.startswith(MARK)]
    assert expected, f"{path.name} does not say what its refusal must contain"
    refusal = answers[name_in(path)]
    assert "serverside-applied" not in refusal, "it was taken"
    for words in expected:
        assert words in refusal


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


def test_the_full_example_shows_every_field_of_the_spec() -> None:
    text = (ROOT / "manifests" / "examples" / "full.yaml").read_text(encoding="utf-8")
    known = {name for block in blocks_of(MLModelSpec) for name in block}
    assert known - set(re.findall(r"[A-Za-z0-9]+", text)) - shapes_of_kubernetes() == set()


def blocks_of(model: type[Model]) -> Iterator[set[str]]:
    """Yield the YAML names of each block's fields, the model's own first."""
    yield {field.alias or name for name, field in model.model_fields.items()}
    for field in model.model_fields.values():
        for inner in models_in(field.annotation):
            yield from blocks_of(inner)


def models_in(annotation: Any) -> Iterator[type[Model]]:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def shapes_of_kubernetes() -> set[str]:
    shapes = (EnvVar, EnvFrom, Toleration, VolumeMount)
    return {name for shape in shapes for block in blocks_of(shape) for name in block} | {"volumes", "volumeMounts"}
