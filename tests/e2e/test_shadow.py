"""The shadow through a real Gateway, and a green version under guardrails: what users see, and what not."""

import json
from collections.abc import Callable, Mapping

import pytest

from .api import Raw, cluster_tool, condition
from .askers import Askers, asking_for_predictions
from .callers import calling
from .models import feather, recipe, retrain
from .space import Space
from .test_canary import rollout, told
from .test_monitor import table

pytestmark = pytest.mark.cluster

HTTP_ROUTES = "/apis/gateway.networking.k8s.io/v1/namespaces/{}/httproutes/{}"
HOURS = 3600
Access = Mapping[str, str]


@pytest.fixture(scope="module")
def gateway() -> Access:
    try:
        found: Access = json.loads(cluster_tool("addon", "gateway"))
    except RuntimeError as absent:
        pytest.skip(f"NO SHADOW STORY WAS TOLD: this cluster has no Gateway of ours ({absent})")
    return found


def shadowed(space: Space, gateway: Access, steps: list[Raw]) -> Raw:
    """A model of the table behind the Gateway, whose challengers must agree with it."""
    guardrails = [
        {"name": "agreement", "min": "0.9", "minSamples": 50},
        {"name": "dataDrift"},
        {"name": "errorRate"},
    ]
    deploy = {
        "strategy": {"type": "Shadow", "steps": steps, "guardrails": guardrails},
        "traffic": {
            "gatewayRef": {"name": gateway["name"], "namespace": gateway["namespace"]},
            "hostname": host(space),
        },
    }
    return recipe("loans", uri="configmap://table/rows.csv", target="good", deploy=deploy)


def host(space: Space) -> str:
    return f"loans.{space.name}.example.com"


def learnt_with(strength: float) -> Raw:
    """The change of the spec that makes another version: an update of the same plan."""
    return {"build": {"recipe": {"parameters": {"max_iter": 300, "C": strength}}}}


def wait_judged(space: Space, version: str) -> Raw:
    """Wait until every guardrail of the step has its verdict, and return the version's status."""

    def is_judged(raw: Raw) -> bool:
        rails = rollout(raw).get("guardrails") or [{}]
        return rollout(raw).get("stage") == "Step" and all(rail.get("verdict") == "Pass" for rail in rails)

    space.wait_for("loans", f"{version} is judged", is_judged)
    status: Raw = space.version(version)["status"]
    return status


def copied(space: Space, askers: Askers, version: int, requests: int) -> int:
    """Ask so many times while nobody else asks, and return how many of these the version was asked too."""

    def counted() -> int:
        return int(space.ask(f"loans-v{version}", "/v2/models/loans/window")["requests"]["ok"])

    with askers.quiet():
        before = space.wait_until("the copies under way have come", lambda: settled(counted), pause=0.5)
        askers.ask(requests)
        space.wait_until("the copies have come", lambda: counted() - before >= requests)
        return space.wait_until("no more come", lambda: settled(counted), pause=0.5) - before


def settled(counted: Callable[[], int]) -> int | None:
    """The count, when two looks find the same."""
    first = counted()
    return first if counted() == first else None


def test_a_good_shadow_takes_over_and_a_bad_one_is_rejected_before_any_user_sees_it(
    space: Space, gateway: Access, tell: Callable[[str, str], None]
) -> None:
    space.apply(table(), shadowed(space, gateway, [{"weight": 20, "holdSeconds": HOURS}]))
    space.wait_in_use("loans", "loans-v1")

    with asking_for_predictions(gateway["url"], host(space), "loans") as askers:
        space.wait_until("the Gateway answers", lambda: askers.answers["v1"] > 20)
        askers.failures.clear()  # the proxies may learn of a new host a moment after the controller accepted it

        # given a challenger that learnt the same; our Gateway cannot copy a part of the requests, which is told
        space.edit("loans", learnt_with(0.5))
        space.wait_for("loans", "its hold runs", lambda raw: rollout(raw).get("readySince"))
        assert condition(space.model("loans"), "TrafficAsSpecified")["reason"] == "CopiesNotExact"
        space.edit("loans", {"deploy": {"strategy": {"steps": [{"weight": 100, "holdSeconds": HOURS}]}}})
        space.wait_reason("loans", "TrafficAsSpecified", "AsSpecified")
        status = wait_judged(space, "loans-v2")
        assert status["traffic"] == {
            "desiredPercent": 0,
            "effectivePercent": 0,
            "mirroredPercent": 100,
            "mode": "GatewayAPI",
        }
        agreement = status["agreement"]
        tell("agreement of the good shadow", f"{agreement['value']} of {agreement['pairs']} pairs")
        assert float(agreement["value"]) >= 0.9
        assert (agreement["bound"], agreement["verdict"]) == (">= 0.9", "Pass")
        assert agreement["pairs"] >= 50

        # every prediction is copied, labels are not, and users hear of none of it
        assert copied(space, askers, 2, requests=200) == 200
        askers.tell(prediction=1, label=0)
        labels = {n: space.ask(f"loans-v{n}", "/v2/models/loans/window")["feedback"]["labels"] for n in (1, 2)}
        assert labels == {1: 1, 2: 0}
        assert set(askers.answers) == {"v1"}

        # when its hold is over, everybody goes over to it
        short = [{"weight": 100, "holdSeconds": 5}]
        space.edit("loans", {"deploy": {"strategy": {"steps": short}}})
        space.wait_in_use("loans", "loans-v2")
        space.wait_until("users are answered by it", lambda: askers.answers["v2"] > 20)
        assert "filters" not in json.dumps(route(space))
        assert "agreement is" in " ".join(told(space, "loans", "StepPassed"))

        # given a challenger that learnt the opposite
        before = askers.answers["v2"]
        space.apply(table(is_turned=True))
        space.edit("loans", learnt_with(0.4))
        said = space.wait_reason("loans", "Stalled", "GuardrailFailed")
        space.wait_until("its pods are gone", lambda: not space.serving_pods(3))

    assert "loans-v3 is rejected at step 1 of 1 (copies of 100 % of the requests): agreement is 0" in said["message"]
    rejected = space.version("loans-v3")["status"]
    assert (rejected["phase"], rejected["agreement"]["verdict"]) == ("Rejected", "Fail")
    tell("agreement of the bad shadow", f"{rejected['agreement']['value']} of {rejected['agreement']['pairs']} pairs")
    assert (space.model("loans")["status"]["champion"], "filters" in json.dumps(route(space))) == ("loans-v2", False)
    tell("failed requests of users during both shadows", f"{len(askers.failures)} of {askers.answers.total()}")
    assert askers.failures == []
    assert set(askers.answers) == {"v1", "v2"}
    assert askers.answers["v2"] > before


def route(space: Space) -> Raw:
    found: Raw = json.loads(space.api.call("GET", HTTP_ROUTES.format(space.name, "loans")))
    return found["spec"]


def test_a_green_version_takes_over_when_its_guardrail_holds_and_is_rejected_when_it_does_not(space: Space) -> None:
    quality = {
        "name": "quality",
        "min": "0.9",
        "source": {"http": {"url": f"http://{{model}}-v{{version}}.{space.name}/", "jsonPath": "$.answer"}},
    }
    strategy = {"type": "BlueGreen", "steps": [{"weight": 0, "holdSeconds": 2}], "guardrails": [quality]}
    space.apply(feather("green", space.operator.runtime_image, answer="0.95", deploy={"strategy": strategy}))
    space.wait_in_use("green", "green-v1")

    with calling(space, "green") as tally:
        space.edit("green", retrain(answer="0.97"))
        space.wait_in_use("green", "green-v2")
        space.edit("green", retrain(answer="0.2"))
        said = space.wait_reason("green", "Stalled", "GuardrailFailed")
        space.wait_until("its pods are gone", lambda: not space.serving_pods(3))

    assert "green-v3 is rejected at step 1 of 1 (0 % of the traffic): quality is 0.2 of 1 samples" in said["message"]
    assert "quality is 0.97 of 1 samples (asked is >= 0.9)" in " ".join(
        [*told(space, "green", "StepPassed"), *told(space, "green", "Promoted")]
    )
    assert space.version("green-v3")["status"]["phase"] == "Rejected"
    assert tally.failures == []
    assert set(tally.answers) == {"1", "2"}
