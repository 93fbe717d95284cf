"""Two operators: one works, the other stands by and takes over, whether the first is asked to end or just dies."""

import json
import time
from collections.abc import Callable, Iterator

import pytest

from .api import Raw
from .models import feather, retrain
from .operator_pod import NAMESPACE, RELEASE, SELECTOR
from .space import Space

pytestmark = [pytest.mark.cluster, pytest.mark.alone]


@pytest.fixture
def two(space: Space) -> Iterator[Space]:
    space.operator.prepare_to_kill()
    space.operator.upgrade("--reuse-values", "--set", "replicas=2")
    yield space
    space.operator.upgrade("--reuse-values", "--set", "replicas=1")
    space.wait_until("one operator is left", lambda: len(operators(space)) == 1)


def operators(space: Space) -> list[Raw]:
    return space.api.read_all("Pod", NAMESPACE, SELECTOR)


def holder(space: Space) -> str:
    answer = space.api.call("GET", f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/{RELEASE}")
    return str(json.loads(answer)["spec"].get("holderIdentity", ""))


def test_whether_the_first_is_asked_to_end_or_dies_the_other_brings_the_training_to_its_end(
    two: Space, tell: Callable[[str, str], None]
) -> None:
    two.apply(feather("relay", two.operator.runtime_image))
    two.wait_in_use("relay", "relay-v1")

    for version, how, end in ((2, "ended", two.operator.end), (3, "killed", two.operator.strike)):
        first = two.wait_until("one of them works", lambda: holder(two))
        two.edit("relay", retrain(answer=how, SECONDS="3"))
        two.wait_until("a training runs", lambda job=f"relay-v{version}-train": job in two.names("Job"))
        (at_work,) = [pod for pod in operators(two) if pod["metadata"]["name"] == first]

        started = time.monotonic()
        end(at_work)
        two.wait_until("the other one works", lambda first=first: holder(two) not in ("", first), seconds=30)
        tell(f"operator {how}: another works after", f"{time.monotonic() - started:.1f} s")

        two.wait_in_use("relay", f"relay-v{version}")
        assert two.ask("relay")["answer"] == how

    assert two.names("Job") == ["relay-v1-train", "relay-v2-train", "relay-v3-train"]
