"""Build and test: from a recipe or an image of one's own to a version with numbers, or to a reason and a remedy."""

import json
from typing import Any

import pytest

from .api import cluster_tool, condition
from .models import feather, recipe, retrain
from .space import Space

pytestmark = pytest.mark.cluster

SETOSA, VERSICOLOR, VIRGINICA = [5.1, 3.5, 1.4, 0.2], [5.7, 2.8, 4.1, 1.3], [6.3, 3.3, 6.0, 2.5]
"""A row of each class of the iris set, in the order of its classes."""

CELLS = "\n".join(["width,colour,kind", *(f"{n}.5,{'red' if n % 2 else 'blue'},{int(n >= 30)}" for n in range(60))])
"""A CSV file: a number, a text, and what to predict, which follows from the number."""


def cells(name: str = "cells") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"cells.csv": CELLS}}


def test_a_recipe_becomes_a_served_prediction(space: Space) -> None:
    space.apply(recipe("iris", build={"crossValidation": {"folds": 3}}))

    raw = space.wait_in_use("iris", "iris-v1")

    assert space.predict("iris", [SETOSA, VERSICOLOR, VIRGINICA]) == [0, 1, 2]
    assert space.ask("iris", "/v1/models/iris:predict", {"instances": [VIRGINICA]})["predictions"] == [2]
    assert raw["status"]["metric"].endswith(">= 0.8")
    version = space.version("iris-v1")
    assert version["spec"]["source"]["trigger"] == "Initial"
    assert version["spec"]["planHash"] == raw["status"]["planHash"]
    assert version["status"]["data"]["rows"] == 150
    assert len(version["status"]["crossValidation"]["folds"]) == 3
    pod = space.serving_pods(1)[0]
    environment = {entry["name"]: entry.get("value") for entry in pod["spec"]["containers"][0]["env"]}
    assert environment["TENURE_ARTIFACT_DIGEST"] == version["status"]["artifact"]["digest"]


def test_an_image_of_ones_own_trains_and_serves_by_the_metric_contract(space: Space) -> None:
    metrics = '{"accuracy": 0.93000000000000000001, "latency": 12}'
    space.apply(feather("own", space.operator.runtime_image, answer="hello", metrics=metrics))

    space.wait_in_use("own", "own-v1")

    status = space.version("own-v1")["status"]
    assert status["metrics"] == {"accuracy": "0.93000000000000000001", "latency": "12"}
    # printf hello | sha256sum
    assert status["artifact"]["digest"] == "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    assert space.ask("own") == {"version": 1, "answer": "hello", "greeting": None}


def test_a_model_learns_from_a_csv_file_in_a_config_map(space: Space) -> None:
    space.apply(cells(), recipe("cells", uri="configmap://cells/cells.csv", target="kind"))

    space.wait_in_use("cells", "cells-v1")

    columns = [
        {"name": "width", "datatype": "FP64", "shape": [2], "data": [3.5, 55.5]},
        {"name": "colour", "datatype": "BYTES", "shape": [2], "data": ["red", "blue"]},
    ]
    answer = space.ask("cells", "/v2/models/cells/infer", {"inputs": columns})
    assert answer["outputs"][0]["data"] == [0, 1]
    assert space.version("cells-v1")["status"]["data"]["rows"] == 60


def test_a_model_learns_from_a_csv_file_on_a_claim(space: Space) -> None:
    # given a claim that a pod has filled
    space.apply(cells(), claim("warehouse"), filler("warehouse", space.operator.runtime_image))
    space.wait_until(
        "the data is on the claim",
        lambda: space.api.read("Pod", space.name, "filler")["status"].get("phase") == "Succeeded",
    )

    space.apply(recipe("cells", uri="pvc://warehouse/2027/cells.csv", target="kind"))

    space.wait_in_use("cells", "cells-v1")
    assert space.version("cells-v1")["status"]["data"]["uri"] == "pvc://warehouse/2027/cells.csv"


def test_artifacts_live_in_a_bucket_when_the_model_says_so(space: Space) -> None:
    try:
        bucket = json.loads(cluster_tool("addon", "s3"))
    except RuntimeError as absent:
        pytest.skip(f"NO S3 STORY WAS TOLD: this cluster has no S3 server ({absent})")
    keys = {"AWS_ACCESS_KEY_ID": bucket["access_key"], "AWS_SECRET_ACCESS_KEY": bucket["secret_key"]}
    space.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s3"}, "stringData": keys})
    place = {
        "uri": f"s3://{bucket['bucket']}/stories",
        "endpointUrl": bucket["endpoint"],
        "region": bucket["region"],
        "credentialsSecret": "s3",
    }

    space.apply(recipe("iris", build={"artifactStore": {"s3": place}}))

    space.wait_in_use("iris", "iris-v1")
    assert space.predict("iris", [VIRGINICA]) == [2]
    assert space.version("iris-v1")["status"]["artifact"]["uri"].startswith(f"{place['uri']}/{space.name}/iris-")
    assert space.names("PersistentVolumeClaim") == []


def test_a_version_below_a_requirement_is_rejected_and_a_lower_bound_deploys_it_untrained(space: Space) -> None:
    space.apply(feather("bar", space.operator.runtime_image, metrics='{"accuracy": 0.7999}'))
    raw = space.wait_for("bar", "rejected", lambda raw: condition(raw, "Stalled")["status"] == "True")
    assert condition(raw, "RequirementsMet")["reason"] == "RequirementsNotMet"
    assert "accuracy 0.7999 is not >= 0.8" in condition(raw, "RequirementsMet")["message"]
    assert space.version("bar-v1")["status"]["phase"] == "Rejected"
    assert space.names("Deployment") == []

    space.edit("bar", {"build": {"requirements": [{"metric": "accuracy", "min": "0.7999"}]}})

    space.wait_in_use("bar", "bar-v1")
    assert space.names("Job") == ["bar-v1-train"]


VAGUE = {
    "missing": ('{"precision": 1}', {}, "MetricsMissing", "accuracy was not reported (reported: precision)"),
    "nan": ('{"accuracy": NaN}', {}, "MetricNotFinite", "accuracy is NaN"),
    "word": ('{"accuracy": "good"}', {}, "MetricsInvalid", "not a number"),
    "prose": ("{}", {"SAID": "all went well"}, "ResultInvalid", "not JSON"),
    "nothing-made": ("{}", {"SAID": '{"metrics": {"accuracy": 1}}'}, "ArtifactMissing", "no artifact"),
}
"""Results by what is wrong with them: metrics, what is said instead of the result, the reason, some of its words."""


def test_a_result_that_proves_nothing_is_never_deployed(space: Space) -> None:
    for name, (metrics, said, _, _) in VAGUE.items():
        space.apply(feather(name, space.operator.runtime_image, metrics=metrics, environment=said))

    for name, (_, _, reason, words) in VAGUE.items():
        assert words in space.wait_reason(name, "Stalled", reason)["message"]
    assert space.names("Deployment") == []

    # and a training that says all is deployed
    space.edit("prose", retrain())
    space.wait_in_use("prose", "prose-v2")


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "estimator": (
        {"build": {"recipe": {"estimator": "sklearn.linear_model.NoSuchRegression"}}},
        "EstimatorUnknown",
        "recipe.estimator",
    ),
    "column": ({"build": {"data": {"target": "price"}}}, "ColumnMissing", "data.target"),
    "data": ({"build": {"data": {"uri": "configmap://cells/lost.csv"}}}, "DataUnreadable", "data.uri"),
    "text": ({"build": {"recipe": {"preprocessing": "None"}}}, "DataInvalid", "colour"),
    "parameter": ({"build": {"recipe": {"parameters": {"depth": 3}}}}, "ParameterInvalid", "recipe.parameters"),
}
"""What only the operator can see: the change that makes a good model bad, the trainer's reason, the field it names."""


def bad(name: str) -> dict[str, Any]:
    model = recipe(name, uri="configmap://cells/cells.csv", target="kind")
    change, _, _ = BAD[name]
    for block, fields in change["build"].items():
        model["spec"]["build"][block].update(fields)
    return model


@pytest.mark.alone  # it looks at all that the operator does
def test_what_only_the_operator_can_see_stalls_with_field_and_remedy_and_a_spec_change_mends_it(shared: Space) -> None:
    # given a model for each way to be wrong
    shared.apply(cells(), *map(bad, BAD))

    # then each tells its reason and its field, and what to do
    for name, (_, reason, field) in BAD.items():
        said = shared.wait_reason(name, "Stalled", "BuildRefused")
        assert reason in said["message"], name
        assert field in said["message"], name
        assert "Mend the cause" in said["message"], name
        assert len(shared.names("Pod", f"tenure.dev/model={name}")) == 1, f"{name} was tried more than once"

    # and the operator does not turn in circles over them
    shared.hold_idle(seconds=15)
    assert condition(shared.model("text"), "Stalled")["status"] == "True"

    # when the spec is mended, the model goes its way
    shared.edit("text", {"build": {"recipe": {"preprocessing": "Auto"}}})
    shared.wait_in_use("text", "text-v2")


def claim(name: str) -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "16Mi"}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}


def filler(claim_name: str, image: str) -> dict[str, Any]:
    """A pod that copies the CSV file from the ConfigMap to the claim."""
    security = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    script = "mkdir -p /claim/2027 && cp /cells/cells.csv /claim/2027/cells.csv"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "filler"},
        "spec": {
            "restartPolicy": "Never",
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65532,
                "fsGroup": 65532,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": "main",
                    "image": image,
                    "command": ["sh", "-c", script],
                    "securityContext": security,
                    "volumeMounts": [
                        {"name": "claim", "mountPath": "/claim"},
                        {"name": "cells", "mountPath": "/cells"},
                    ],
                }
            ],
            "volumes": [
                {"name": "claim", "persistentVolumeClaim": {"claimName": claim_name}},
                {"name": "cells", "configMap": {"name": "cells"}},
            ],
        },
    }
