"""Stories of HTTPRoutes: golden files of the weights, the host, and the copied requests of a shadow."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from render.specs import declared
from tenure.core.gateway import Gateway, Mirror
from tenure.render.routes import render_route

Golden = Callable[[str, Any], None]

GATEWAY = Gateway("public", "gateways")
LISTENER = Gateway("public", "gateways", section="https", hostname="churn.example.com")

ROUTES: Mapping[str, tuple[Gateway, Mapping[int, int], Mirror | None]] = {
    "the champion alone": (GATEWAY, {1: 100}, None),
    "a challenger that is named before it gets a request": (GATEWAY, {1: 100, 2: 0}, None),
    "a canary, at one listener and host": (LISTENER, {1: 90, 2: 10}, None),
    "a shadow of every request": (GATEWAY, {1: 100}, Mirror(2)),
    "a shadow of some requests": (GATEWAY, {1: 100}, Mirror(2, percent=25)),
}


def test_routes_are_as_in_their_golden_file(golden: Golden) -> None:
    golden("routes", {told: render_route(declared(), *asked) for told, asked in ROUTES.items()})


@pytest.mark.parametrize("asked", ROUTES.values(), ids=ROUTES)
def test_no_weight_of_a_route_is_lost(asked: tuple[Gateway, Mapping[int, int], Mirror | None]) -> None:
    for rule in render_route(declared(), *asked)["spec"]["rules"]:
        assert sum(backend["weight"] for backend in rule["backendRefs"]) == 100


def test_the_copies_of_a_shadow_go_to_nobody_who_answers_users() -> None:
    copied, rest = render_route(declared(), GATEWAY, {1: 100}, Mirror(2))["spec"]["rules"]

    assert [backend["name"] for rule in (copied, rest) for backend in rule["backendRefs"]] == ["churn-v1"] * 2
    assert copied["filters"][0]["requestMirror"]["backendRef"]["name"] == "churn-v2"
    assert "filters" not in rest


@pytest.mark.parametrize(
    ("runtime", "paths"),
    [
        ("{}", ["/v2/models/churn/infer", "/v1/models/churn:predict"]),
        ("{image: 'other:1'}", ["/v2/models/churn/infer"]),
        ("{image: 'other:1', protocol: V1}", ["/v1/models/churn:predict"]),
        ("{image: 'other:1', protocol: Custom}", ["/"]),
    ],
)
def test_labels_and_questions_about_the_server_are_not_copied_where_predictions_have_their_path(
    runtime: str, paths: list[str]
) -> None:
    model = declared(f"deploy: {{runtime: {runtime}}}")

    rules = render_route(model, GATEWAY, {1: 100}, Mirror(2))["spec"]["rules"]

    copied = [match["path"]["value"] for rule in rules if "filters" in rule for match in rule["matches"]]
    assert copied == paths
