"""Stories of the store: it reads its own writes, forgets what is gone, and knows whose child is whose."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.adapters.store import Store
from tenure.core.names import MODEL_LABEL, model_label

LONG = "customer.churn." + "x" * 200
KEY = ("team", "churn")


def an_object(
    name: str = "churn-v1", revision: int | str = 1, uid: str = "one", kind: str = "Job", model: str | None = "churn"
) -> dict[str, Any]:
    labels = {MODEL_LABEL: model_label(model)} if model else {}
    meta = {"name": name, "namespace": "team", "uid": uid, "resourceVersion": str(revision), "labels": labels}
    return {"kind": kind, "metadata": meta}


def a_model(name: str = "churn", revision: int = 1) -> dict[str, Any]:
    return an_object(name, revision, f"uid-{name}", "MLModel", model=None)


@pytest.fixture
def store() -> Store:
    return Store()


def revision_of(store: Store, name: str = "churn-v1") -> str | None:
    found = store.find("Job", "team", name)
    return found["metadata"]["resourceVersion"] if found else None


def test_what_is_put_is_found(store: Store) -> None:
    assert store.put(an_object())
    assert revision_of(store) == "1"


def test_a_watch_that_lags_behind_does_not_undo_our_own_write(store: Store) -> None:
    store.put(an_object(revision=9))

    assert not store.put(an_object(revision=8))
    assert revision_of(store) == "9"


def test_revisions_are_compared_as_numbers(store: Store) -> None:
    store.put(an_object(revision=9))

    assert store.put(an_object(revision=10))


def test_our_own_write_that_the_watch_shows_again_is_no_news(store: Store) -> None:
    store.put(an_object(revision=9))

    assert not store.put(an_object(revision=9))


def test_an_object_made_anew_replaces_the_old_one(store: Store) -> None:
    store.put(an_object(revision=5, uid="old"))

    assert store.put(an_object(revision=6, uid="new"))


def test_a_late_word_of_an_object_before_does_not_replace_the_newer_one(store: Store) -> None:
    store.put(an_object(revision=20, uid="new"))

    store.put(an_object(revision=15, uid="old"))

    assert revision_of(store) == "20"


def test_the_end_of_an_object_before_does_not_take_the_newer_one_with_it(store: Store) -> None:
    store.put(an_object(revision=20, uid="new"))

    store.remove(an_object(revision=15, uid="old"))

    assert revision_of(store) == "20"


def test_what_is_removed_is_gone_for_its_model_too(store: Store) -> None:
    store.put(an_object())

    store.remove(an_object(revision=2))

    assert (revision_of(store), store.children("Job", KEY)) == (None, [])


def test_a_late_word_does_not_bring_back_what_is_gone(store: Store) -> None:
    store.put(an_object(revision=5))
    store.remove(an_object(revision=7))

    assert not store.put(an_object(revision=6))
    assert revision_of(store) is None


def test_the_end_of_something_never_seen_is_remembered_too(store: Store) -> None:
    store.remove(an_object(revision=7))

    assert not store.put(an_object(revision=6))


def test_children_are_those_of_the_model_in_its_namespace(store: Store) -> None:
    store.put(an_object("churn-v1"))
    store.put(an_object("other-v1", model="other", uid="two"))

    assert [raw["metadata"]["name"] for raw in store.children("Job", KEY)] == ["churn-v1"]
    assert store.children("Job", ("elsewhere", "churn")) == []


def test_a_child_of_a_model_with_a_long_name_is_found_by_its_hashed_label(store: Store) -> None:
    store.put(a_model(LONG))
    child = an_object("x-v1", model=LONG)
    store.put(child)

    assert [raw["metadata"]["name"] for raw in store.children("Job", ("team", LONG))] == ["x-v1"]
    assert store.key_of(child) == ("team", LONG)


def test_a_child_without_its_model_belongs_to_nobody_yet(store: Store) -> None:
    assert store.key_of(an_object()) is None


def test_a_child_belongs_to_its_model_once_that_is_known(store: Store) -> None:
    store.put(a_model())

    assert store.key_of(an_object()) == KEY


def test_a_model_s_key_is_its_own_name(store: Store) -> None:
    assert store.key_of(a_model()) == KEY


@pytest.mark.parametrize("model", ["other", None])
def test_a_child_whose_label_is_changed_leaves_its_model(store: Store, model: str | None) -> None:
    store.put(an_object(revision=1))
    store.put(an_object(revision=2, model=model))

    assert store.children("Job", KEY) == []


@pytest.mark.parametrize("model", ["other", None])
def test_a_child_whose_label_was_changed_can_go_without_a_trace(store: Store, model: str | None) -> None:
    store.put(an_object(revision=1))
    store.put(an_object(revision=2, model=model))

    store.remove(an_object(revision=3, model=model))

    assert store.children("Job", KEY) == []
    assert store.children("Job", ("team", "other")) == []


def test_who_wrote_which_field_is_not_kept(store: Store) -> None:
    raw = an_object()
    raw["metadata"]["managedFields"] = [{"manager": "tenure"}]

    store.put(raw)

    assert "managedFields" not in (store.find("Job", "team", "churn-v1") or {})["metadata"]


def test_a_fresh_list_shows_the_ghosts(store: Store) -> None:
    store.put(an_object("ghost", uid="g"))
    store.put(an_object("here", uid="h"))

    ghosts = store.take_over("Job", [an_object("here", uid="h"), an_object("new", uid="n")])

    assert [raw["metadata"]["name"] for raw in ghosts] == ["ghost"]
    assert revision_of(store, "new") == "1"


def test_models_are_known_by_their_keys(store: Store) -> None:
    store.put(a_model())
    store.put(a_model("other"))
    store.remove(a_model("other", 2))

    assert store.models() == [KEY]


def test_a_resource_version_that_is_no_number_counts_as_the_oldest(store: Store) -> None:
    assert store.put(an_object(revision="abc"))
    assert store.put(an_object(revision=1))


words = st.tuples(
    st.sampled_from(["put", "remove"]),
    st.sampled_from(["a", "b"]),
    st.integers(1, 9),
    st.sampled_from(["churn", "other", None]),
)


@given(st.lists(words, max_size=25))
def test_children_are_always_just_the_labelled_objects(heard: list[tuple[str, str, int, str | None]]) -> None:
    store = Store()
    for verb, name, revision, model in heard:
        raw = an_object(name, revision, f"{name}-{revision // 4}", model=model)
        _ = store.put(raw) if verb == "put" else store.remove(raw)

    for model in ("churn", "other"):
        found = [raw for name in "ab" if (raw := store.find("Job", "team", name))]
        labelled = [raw for raw in found if raw["metadata"]["labels"].get(MODEL_LABEL) == model]
        assert store.children("Job", ("team", model)) == labelled
