"""Stories of the announcement: callers are told of the end once it is known, and of the same end for ever after."""

from dataclasses import replace
from datetime import timedelta

from core.stories import NOW, a_model, in_use
from core.test_retire_rules import WHOLE, condition, draining, retiring
from tenure.contract.notice import Notice
from tenure.core.announcing import announcement
from tenure.core.clock import stamp
from tenure.core.facts import Observation
from tenure.core.policy import decide
from tenure.core.spec import Retire, Runtime
from tenure.render.desired import render_children
from tenure.render.serving import render_deployment

BEFORE = stamp(NOW - timedelta(days=3))


def ending(**retire: str) -> Observation:
    return in_use(a_model(retire=Retire(**retire)))  # type: ignore[arg-type]


def notices(seen: Observation) -> list[str]:
    desired = render_children(seen, decide(seen), "tenure.dev/runtime:1")
    return [raw["data"]["notice.json"] for raw in desired.apply if raw["metadata"]["name"] == "churn-notice"]


def test_a_model_whose_end_is_not_known_announces_nothing_and_has_no_notice() -> None:
    assert notices(in_use(a_model())) == []
    assert notices(ending()) == []
    assert condition(ending(), "RetirementAnnounced") is None


def test_a_successor_alone_is_announced_with_the_time_of_the_announcement() -> None:
    seen = ending(successor_name="churn-next", successor_url="https://example.com/next")

    assert announcement(seen) == Notice(stamp(NOW), "", "churn-next", "https://example.com/next")
    assert "users turn to churn-next (https://example.com/next)" in condition(seen, "RetirementAnnounced").message


def test_the_time_of_the_announcement_stays_what_it_was() -> None:
    seen = replace(ending(successor_name="churn-next"), notice=Notice(BEFORE, "", "churn-next"))

    assert announcement(seen).deprecated_at == BEFORE


def test_a_date_is_announced_as_the_first_moment_of_that_day() -> None:
    seen = ending(sunset_on="2027-03-31")

    assert announcement(seen) == Notice(stamp(NOW), "2027-03-31T00:00:00Z")


def test_a_sunset_is_never_before_its_deprecation() -> None:
    seen = ending(sunset_on="2020-01-01")

    assert announcement(seen) == Notice("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z")


def test_a_model_that_drains_is_deprecated_since_its_retirement_began() -> None:
    seen = draining(retiring(), 10)

    assert announcement(seen).deprecated_at == stamp(NOW - timedelta(seconds=10))
    assert notices(seen) != []


def test_an_end_that_is_taken_back_leaves_an_empty_notice() -> None:
    seen = replace(in_use(a_model()), notice=Notice(BEFORE))

    assert notices(seen) == ["{}"]


def test_announcing_an_end_changes_no_pod_template() -> None:
    calm, ends = in_use(a_model()), in_use(a_model(retire=WHOLE))

    assert render_deployment(calm.model, calm.versions[1], 1) == render_deployment(ends.model, ends.versions[1], 1)


def test_a_server_of_the_user_s_own_is_told_nothing_and_nothing_else_is_promised() -> None:
    own = replace(a_model().deploy, runtime=Runtime(image="registry.example.com/own:1"))
    seen = in_use(a_model(retire=WHOLE, deploy=own))

    assert notices(seen) == []
    assert "headers" not in condition(seen, "RetirementAnnounced").message
