"""Side by side: an old version answers at its own address for whoever asks for it, and never a user of the model."""

import pytest

from .api import condition
from .callers import calling
from .models import retrain
from .space import Space
from .test_canary import a_model

pytestmark = pytest.mark.cluster


def test_an_old_version_answers_beside_the_champion_and_no_user_meets_it_in_a_canary(space: Space) -> None:
    # given two versions, of which the first has no pod any more
    a_model(space, "pair", {"type": "Rolling", "keepPreviousSeconds": 0}, replicas=1)
    space.edit("pair", retrain(answer="two"))
    space.wait_in_use("pair", "pair-v2")
    space.wait_until("no pod of v1 is left", lambda: not space.serving_pods(1))

    # when it is asked for side by side
    space.edit("pair", {"deploy": {"sideBySide": [1]}})
    raw = space.wait_for("pair", "side by side", lambda raw: condition(raw, "SideBySide")["status"] == "True")
    assert space.ask("pair-v1", "/who")["answer"] == "one"
    assert raw["status"]["sideBySide"] == [
        {"version": 1, "url": f"http://pair-v1.{space.name}.svc", "message": "pair-v1 answers"}
    ]

    # then it answers there and nowhere else, also while two others share the traffic
    with calling(space, "pair") as tally:
        canary = {"type": "Canary", "steps": [{"weight": 50, "holdSeconds": 4}]}
        space.edit("pair", {**retrain(answer="three"), "deploy": {"strategy": canary}})
        space.wait_in_use("pair", "pair-v3")
    assert tally.failures == []
    assert set(tally.answers) == {"2", "3"}
    assert space.ask("pair-v1", "/who")["version"] == 1

    # and it ends when nobody asks for it
    space.edit("pair", {"deploy": {"sideBySide": [9]}})
    said = space.wait_reason("pair", "SideBySide", "NotServedBeside")
    assert "there is no pair-v9" in said["message"]
    space.wait_until("its pod is gone", lambda: not space.names("Pod", "app.kubernetes.io/component=beside"))
    assert "pair-v1" not in space.names("Service")
