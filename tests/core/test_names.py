"""Stories of names: every child of every model has one, always the same, and no longer than a DNS label."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.names import (
    claim_name,
    model_label,
    service_name,
    training_job_name,
    version_name,
    version_number,
)

DNS_LABEL = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")

labels = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)
subdomains = st.lists(labels, min_size=1, max_size=12).map(lambda parts: ".".join(parts)[:253].rstrip("-."))
numbers = st.integers(min_value=1, max_value=10**6)


def test_a_short_name_is_kept_as_people_wrote_it() -> None:
    assert version_name("churn", 2) == "churn-v2"


def test_the_training_job_says_which_version_it_trains() -> None:
    assert training_job_name("churn", 2) == "churn-v2-train"


@pytest.mark.parametrize("name", ["churn.eu", "1churn", "a" * 253, "a" * 61, "x." * 126 + "y", "0", "9.9"])
def test_a_name_that_is_no_dns_label_still_gives_one(name: str) -> None:
    assert all(map(DNS_LABEL.fullmatch, (version_name(name, 1), service_name(name), training_job_name(name, 1))))


@pytest.mark.parametrize("name", ["größe", "模型", "İ", "", "-", "...", "\u200b", "A_B"])
def test_even_text_that_kubernetes_would_refuse_gives_a_label(name: str) -> None:
    assert DNS_LABEL.fullmatch(version_name(name, 1))


@given(subdomains, numbers)
def test_every_name_kubernetes_allows_gives_dns_labels(name: str, number: int) -> None:
    made = (version_name(name, number), training_job_name(name, number), service_name(name), claim_name(name))

    assert all(map(DNS_LABEL.fullmatch, made))


@given(subdomains, numbers)
def test_a_version_number_is_read_back_from_the_name(name: str, number: int) -> None:
    assert version_number(version_name(name, number)) == number


@given(subdomains, subdomains)
def test_two_models_never_share_a_label(one: str, other: str) -> None:
    assert (model_label(one) == model_label(other)) == (one == other)


def test_long_names_that_differ_only_at_their_end_are_told_apart() -> None:
    assert version_name("a" * 252 + "b", 1) != version_name("a" * 252 + "c", 1)


def test_a_dotted_name_is_not_the_same_as_a_dashed_one() -> None:
    assert service_name("churn.eu") != service_name("churn-eu")


def test_one_model_s_children_have_names_of_their_own() -> None:
    name = "a" * 253

    assert len({version_name(name, 1), version_name(name, 11), training_job_name(name, 1), claim_name(name)}) == 4


@pytest.mark.parametrize("name", ["churn", "churn-v0", "churn-v01", "churn-v1-train", "churn-v", "v1", ""])
def test_a_name_that_is_no_version_has_no_number(name: str) -> None:
    assert version_number(name) is None
