"""What serves a version beside the champion: a Deployment of its own, the version's Service, and what people read."""

from collections.abc import Iterator
from typing import Any

from tenure.core.beside import told_beside, why_not_beside
from tenure.core.decision import Serving
from tenure.core.facts import DeploymentFacts, Observation
from tenure.core.names import BESIDE, version_name
from tenure.core.serving import ready_pods
from tenure.render.parts import without_empty
from tenure.render.serving import render_deployment, render_version_service


def render_beside(seen: Observation, serving: Serving) -> Iterator[dict[str, Any]]:
    """Render one pod for each version, and its Service where no other pods of the version have it."""
    for number in serving.beside:
        yield render_deployment(seen.model, seen.versions[number], 1, BESIDE)
        if is_turned_beside(seen, serving, number):
            yield render_version_service(seen.model, number, BESIDE)


def is_turned_beside(seen: Observation, serving: Serving, number: int) -> bool:
    """Whether a version's Service reaches the pod beside: not while only pods of its role answer."""
    if number not in serving.beside:
        return False
    kept = serving.replicas.get(number, 0) > 0 and ready_pods(seen, number) > 0
    return not kept or seen.beside.get(number, DeploymentFacts()).ready > 0


def render_side_by_side(seen: Observation) -> list[dict[str, Any]]:
    """Tell of each listed version where it is reached and whether it answers."""
    return [
        without_empty(
            {
                "version": number,
                "url": ""
                if why_not_beside(seen, number)
                else f"http://{version_name(seen.model.name, number)}.{seen.model.namespace}.svc",
                "message": told_beside(seen, number)[1],
            }
        )
        for number in seen.model.deploy.side_by_side
    ]
