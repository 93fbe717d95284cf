"""The demonstration tells each change once, and knows when to stop."""

from typing import Any

import pytest
from localkube.console import Failed
from showing.prediction import BENIGN, MALIGNANT, read_classes, render_request
from showing.story import Scene, read_scene, watch


def scene(
    phase: str, message: str = "", ready: bool = False, current: bool = True, stalled: str | None = None
) -> Scene:
    return Scene(phase, ready, message, current, stalled)


def play(*scenes: Scene | None) -> list[str]:
    """Return what is told while these scenes are seen one after the other."""
    told: list[str] = []
    coming = iter(scenes)
    watch(lambda: next(coming), patience=60, tell=told.append)
    return [line.strip() for line in told]


def test_each_change_is_told_once_until_the_model_is_in_use() -> None:
    building = scene("Building", "training")
    told = play(None, building, building, scene("InUse", "1 of 1", ready=True))
    assert told == [f"{'Building':12} training", f"{'InUse':12} 1 of 1"]


def test_an_old_success_does_not_end_the_story_of_a_changed_model() -> None:
    old = scene("InUse", "old", ready=True, current=False)
    told = play(old, scene("Building", "new"), scene("InUse", "new", ready=True))
    assert told[-1] == f"{'InUse':12} new"


def test_a_stalled_model_ends_the_story_with_its_message() -> None:
    with pytest.raises(Failed, match="accuracy is below"):
        play(scene("Testing", "waiting", stalled="accuracy is below 0.90"))


def test_a_story_that_takes_too_long_says_where_it_stopped() -> None:
    with pytest.raises(Failed, match="still in phase Building: training"):
        watch(lambda: scene("Building", "training"), patience=0, tell=[].append)


def test_an_object_without_status_is_no_scene() -> None:
    assert read_scene(None) is None
    assert read_scene({"metadata": {"generation": 1}, "status": {"observedGeneration": -1}}) is None


def test_a_scene_is_current_only_for_the_generation_the_operator_saw() -> None:
    ready = {"type": "Ready", "status": "True", "message": "serves"}
    model: dict[str, Any] = {
        "metadata": {"generation": 2},
        "status": {"phase": "InUse", "observedGeneration": 1, "conditions": [ready]},
    }
    assert read_scene(model) == Scene("InUse", ready=True, message="serves", is_current=False, stalled=None)


def test_a_request_is_one_matrix_of_as_many_rows_as_patients() -> None:
    (matrix,) = render_request((MALIGNANT, BENIGN))["inputs"]
    assert matrix["shape"] == [2, 30]
    assert len(matrix["data"]) == 60


def test_classes_are_told_in_words() -> None:
    assert read_classes({"outputs": [{"data": [0, 1, 7]}]}) == ["malignant", "benign", "class 7"]
