"""Stories of joining labels to predictions: each key once, nothing lost is wrong, and what is told adds up."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some

from tenure.contract.truth import Joined, loads, to_json
from tenure.runtime.join import labels
from tenure.runtime.join.joining import join
from tenure.runtime.join.pods import Counted, KeptThere, SilentError
from tenure.runtime.join.task import parse
from tenure.runtime.refused import Refused

NOW = 10_000.0


@dataclass
class PodsInMemory:
    """Pods that keep predictions as the model server does: a key is counted once."""

    waiting: dict[str, dict[str, tuple[float, Any]]]
    classes: tuple[Any, ...] = (0, 1)
    labelled: dict[str, set[str]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    counted: list[tuple[str, str, Any]] = field(default_factory=list)
    """(pod, key, label) in the order they were counted."""

    def read(self, address: str) -> KeptThere:
        if address in self.gone or address not in self.waiting:
            raise SilentError(f"pod {address} does not answer")
        kept = tuple((key, at) for key, (at, _) in self.waiting[address].items())
        return KeptThere(address, NOW, self.classes, kept, frozenset(self.labelled.get(address, ())))

    def tell(self, address: str, labels: Sequence[tuple[str, Any]]) -> Counted:
        if address in self.gone:
            raise SilentError(f"pod {address} does not answer")
        wrong, lag = 0, 0.0
        for key, label in labels:
            at, predicted = self.waiting[address].pop(key)
            self.labelled.setdefault(address, set()).add(key)
            self.counted.append((address, key, label))
            wrong, lag = wrong + (predicted != label), lag + NOW - at
        return Counted(len(labels), wrong, lag)


def pods_of(*kept: dict[str, tuple[float, Any]], **more: Any) -> PodsInMemory:
    return PodsInMemory({f"p{number}": dict(one) for number, one in enumerate(kept)}, **more)


def joined(pods: PodsInMemory, told: dict[str, Any], delay: float = 0, **versions: list[str]) -> Joined:
    return join(told, versions or {"1": sorted(pods.waiting)}, delay, pods, lambda _: None)


def test_every_label_goes_to_the_pod_that_keeps_its_prediction() -> None:
    pods = pods_of({"a": (9_000, 1), "b": (9_500, 0)}, {"c": (8_000, 1)})

    found = joined(pods, {"a": 1, "b": 1, "c": 1, "of nobody": 0})

    assert (found.labelled, found.joined, found.new, found.wrong) == (4, 3, 3, 1)
    assert (found.coverage, found.lag_seconds, found.waiting) == (0.75, 1166.667, 0)
    assert pods.counted == [("p0", "a", 1), ("p0", "b", 1), ("p1", "c", 1)]


def test_the_same_file_read_again_counts_nothing_again() -> None:
    pods = pods_of({"a": (9_000, 1)}, {"c": (8_000, 1)})
    joined(pods, {"a": 0, "c": 1})

    found = joined(pods, {"a": 1, "c": 0})

    assert (found.joined, found.new, found.lag_seconds, len(pods.counted)) == (2, 0, None, 2)


def test_a_key_that_a_client_told_in_another_pod_is_not_counted_a_second_time() -> None:
    pods = pods_of({"a": (9_000, 1)}, {}, labelled={"p1": {"a"}})

    found = joined(pods, {"a": 0})

    assert (found.joined, found.new, pods.counted) == (1, 0, [])


def test_a_request_that_was_sent_again_to_another_pod_counts_once() -> None:
    pods = pods_of({"a": (9_000, 1)}, {"a": (9_001, 1)})

    assert joined(pods, {"a": 1}).new == 1
    assert joined(pods, {"a": 1}).new == 0


def test_what_a_restarted_pod_has_lost_is_not_covered_and_not_wrong() -> None:
    pods = pods_of({"a": (9_000, 1)}, {"b": (9_000, 1)})
    joined(pods, {"a": 1, "b": 1})
    pods.waiting["p1"], pods.labelled["p1"] = {}, set()

    found = joined(pods, {"a": 1, "b": 0, "c": 0})

    assert (found.joined, found.new, found.wrong) == (1, 0, 0)


def test_young_predictions_are_left_alone_until_their_labels_are_complete() -> None:
    pods = pods_of({"old": (9_000, 1), "young": (9_900, 1)})

    found = joined(pods, {"old": 1, "young": 1}, delay=500)

    assert (found.new, found.waiting) == (1, 0)
    assert "young" in pods.waiting["p0"]


def test_a_pod_that_does_not_answer_is_told_and_the_others_are_joined() -> None:
    pods = pods_of({"a": (9_000, 1)}, {"b": (9_000, 1)}, gone={"p0"})

    found = joined(pods, {"a": 1, "b": 1})

    assert (found.silent, found.joined, found.new) == (1, 1, 1)


def test_a_mirrored_request_is_joined_once_for_each_version() -> None:
    pods = pods_of({"a": (9_000, 1)}, {"a": (9_000, 0)})

    found = join({"a": 1}, {"1": ["p0"], "2": ["p1"]}, 0, pods, lambda _: None)

    assert [pod for pod, _, _ in pods.counted] == ["p0", "p1"]
    assert (found.joined, found.coverage) == (1, 1.0)


@pytest.mark.parametrize(
    ("classes", "label", "counted"),
    [((0, 1), "1", 1), ((0, 1), "1.0", 1), (("no", "yes"), "yes", "yes"), (("1", "2"), 1.0, "1"), ((), "2.5", 2.5),
     ((True, False), "True", True)],
)  # fmt: skip
def test_a_label_is_the_models_class_however_the_file_writes_it(classes: Any, label: Any, counted: Any) -> None:
    pods = pods_of({"a": (9_000, 1)}, classes=classes)

    joined(pods, {"a": label})

    assert pods.counted == [("p0", "a", counted)]


@pytest.mark.parametrize(("classes", "label"), [((0, 1), "2"), (("no", "yes"), "Yes"), ((), "nan"), ((), "x")])
def test_a_label_that_no_answer_could_be_is_refused_and_told(classes: Any, label: Any) -> None:
    pods = pods_of({"a": (9_000, 1)}, classes=classes)

    found = joined(pods, {"a": label})

    assert (found.refused, found.joined, pods.counted) == (1, 0, [])


KEYS = some.sampled_from([f"k{number}" for number in range(12)])
KEPT = some.dictionaries(KEYS, some.tuples(some.floats(0, NOW), some.integers(0, 1)), max_size=12)


@given(
    kept=some.lists(KEPT, min_size=1, max_size=3),
    settled=some.lists(some.sets(KEYS), min_size=3, max_size=3),
    told=some.dictionaries(KEYS, some.integers(0, 2), max_size=12),
    delay=some.floats(0, NOW),
    runs=some.integers(1, 3),
    gone=some.sets(some.sampled_from(["p0", "p1", "p2"])),
)
def test_no_key_is_ever_counted_twice_and_coverage_is_a_share(
    kept: list[Any], settled: list[set[str]], told: dict[str, int], delay: float, runs: int, gone: set[str]
) -> None:
    here = {f"p{number}": keys for number, keys in enumerate(settled[: len(kept)])}
    # As in the server: what was counted does not wait any more in the same pod.
    fresh = [{k: v for k, v in one.items() if k not in here[f"p{n}"]} for n, one in enumerate(kept)]
    pods = pods_of(*fresh, labelled={pod: set(keys) for pod, keys in here.items()}, gone=gone)
    before = set().union(*(keys for pod, keys in here.items() if pod not in gone))

    for _ in range(runs):
        found = joined(pods, told, delay)

        assert found.coverage is None or 0 <= found.coverage <= 1
        assert loads(json.dumps(to_json(found))) == found
        assert 0 <= found.wrong <= found.new <= found.joined <= found.labelled == len(told)
    keys = [key for _, key, _ in pods.counted]
    assert len(keys) == len(set(keys))
    assert not before & set(keys)


# The file


def a_task(uri: str, **more: Any) -> Any:
    raw = {"model": "m", "uri": uri, "joinKey": "order", "labelColumn": "churned", "pods": {}}
    return parse({**raw, **more})


def test_keys_are_read_as_they_are_written_and_the_last_row_of_a_key_counts(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("order,when,churned\n007,1,no\n8,2,yes\n007,3,yes\n,4,no\n9,5,\n")

    found, digest = labels.read(a_task(str(tmp_path / "labels.csv")), tmp_path)

    assert found == {"007": "yes", "8": "yes"}
    assert digest.startswith("sha256:")


def test_parquet_and_json_lines_are_read_too(tmp_path: Path) -> None:
    frame = pd.DataFrame({"order": [7, 8], "churned": [0, 1], "other": ["x", "y"]})
    frame.to_parquet(tmp_path / "labels.parquet")
    frame.to_json(tmp_path / "labels.jsonl", orient="records", lines=True)

    for name in ("labels.parquet", "labels.jsonl"):
        assert labels.read(a_task(str(tmp_path / name)), tmp_path)[0] == {"7": 0, "8": 1}


def test_a_folder_is_all_its_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "labels"
    folder.mkdir()
    (folder / "2.csv").write_text("order,churned\na,yes\nb,no\n")
    (folder / "1.csv").write_text("order,churned\na,no\nc,no\n")
    (folder / "readme.txt").write_text("not labels")

    assert labels.read(a_task(f"{folder}/"), tmp_path)[0] == {"a": "yes", "b": "no", "c": "no"}


@pytest.mark.parametrize(
    ("name", "text", "said", "field"),
    [
        ("absent.csv", "", "does not exist", "uri"),
        ("labels.csv", "id,churned\n1,2\n", "no column 'order'; it has id, churned", "joinKey"),
        ("labels.csv", "order,label\n1,2\n", "no column 'churned'", "labelColumn"),
        ("labels.txt", "order,churned\n1,2\n", "does not tell its format", "format"),
        ("labels.parquet", "no parquet", "cannot be read", "uri"),
    ],
)
def test_labels_that_cannot_be_read_name_the_field(tmp_path: Path, name: str, text: str, said: str, field: str) -> None:
    if name != "absent.csv":
        (tmp_path / name).write_text(text)

    with pytest.raises(Refused, match=said) as refused:
        labels.read(a_task(str(tmp_path / name)), tmp_path)

    assert refused.value.field == f"spec.monitor.groundTruth.{field}"
