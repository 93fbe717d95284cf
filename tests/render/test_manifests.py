"""Stories of what is rendered: golden files for people to read, and what must never be part of a pod."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from core.stories import NOW, seeing
from render.specs import declared, version_of, with_result
from tenure.contract.task import loads
from tenure.core.clock import stamp
from tenure.core.decision import NewVersion
from tenure.core.monitor.measuring import by_job
from tenure.core.record import Served
from tenure.core.target import build_hash, plan_hash
from tenure.render.data_check import render_data_check
from tenure.render.jobs import render_training_job
from tenure.render.measuring import render_join, render_measurement
from tenure.render.parts import merged
from tenure.render.serving import render_deployment, render_model_service, render_version_service
from tenure.render.storage import mounts_for, render_claim
from tenure.render.versions import render_version

Golden = Callable[[str, Any], None]

JOBS = {
    "job-recipe": "",
    "job-custom-image": """
        build:
          recipe: null
          train:
            image: registry.example.com/team/train:3
            command: [python, train.py]
            args: [--fast]
            env: [{name: EPOCHS, value: "5"}]
            envFrom: [{secretRef: {name: tokens}}]
            resources: {requests: {cpu: "1"}, limits: {memory: 4Gi}}
            backoffLimit: 0
            activeDeadlineSeconds: 3600
    """,
    "job-s3": """
        build:
          data: {endpointUrl: "http://minio.storage:9000", credentialsSecret: s3}
          artifactStore: {s3: {uri: "s3://models/churn", region: eu-west-1, credentialsSecret: s3}}
    """,
    "job-pvc-data": """
        build:
          data: {uri: "pvc://datasets/churn.csv"}
          artifactStore: {claim: {name: models}}
    """,
    "job-configmap-data": """
        build: {data: {uri: "configmap://small/churn.csv"}}
    """,
    "job-pod-overrides": """
        build:
          recipe:
            podOverrides:
              priorityClassName: batch
              containers: [{name: main, env: [{name: OMP_NUM_THREADS, value: "1"}]}, {name: side, image: "side:1"}]
    """,
    "job-within-budget": """
        plan: {budget: {cpu: 100m, memory: 256Mi, maxJobDurationSeconds: 600}}
    """,
}

DEPLOYMENTS = {
    "deployment-defaults": "",
    "deployment-own-image": """
        deploy:
          replicas: 2
          runtime: {image: "registry.example.com/sklearnserver:0.15", port: 9000, args: [--model_dir=/mnt/models]}
          resources: {limits: {memory: 2Gi}}
          env: [{name: LOG, value: debug}]
          nodeSelector: {disk: fast}
          tolerations: [{key: gpu, operator: Exists}]
    """,
    "deployment-v1": """
        deploy: {runtime: {image: "registry.example.com/tf:2", protocol: V1}}
    """,
    "deployment-custom": """
        deploy: {runtime: {image: "registry.example.com/own:1", protocol: Custom, command: [serve]}}
    """,
    "deployment-custom-with-readiness": """
        deploy: {runtime: {image: "registry.example.com/own:1", protocol: Custom, readinessPath: /ready}}
    """,
    "deployment-recreate": """
        deploy: {strategy: {type: Recreate}}
    """,
    "deployment-s3": """
        build: {artifactStore: {s3: {uri: "s3://models", endpointUrl: "http://minio:9000", credentialsSecret: s3}}}
    """,
    "deployment-grpc": """
        deploy: {runtime: {grpc: true}}
    """,
    "deployment-pod-overrides": """
        deploy: {podOverrides: {priorityClassName: serving, containers: [{name: main, stdin: true}]}}
    """,
}

EVERYTHING = list({**JOBS, **DEPLOYMENTS}.values())


@pytest.mark.parametrize("name", JOBS)
def test_a_training_job_is_as_in_its_golden_file(name: str, golden: Golden) -> None:
    model = declared(JOBS[name])

    golden(name, render_training_job(model, version_of(model)))


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_deployment_is_as_in_its_golden_file(name: str, golden: Golden) -> None:
    model = declared(DEPLOYMENTS[name])

    golden(name, render_deployment(model, with_result(model), model.deploy.replicas))


def test_the_services_are_as_in_their_golden_file(golden: Golden) -> None:
    model = declared()

    golden(
        "services",
        {
            "one version serves": render_model_service(model, (1,)),
            "replicas move over": render_model_service(model, (1, 2)),
            "a version's own": render_version_service(model, 2),
        },
    )


def test_a_service_has_a_port_for_grpc_only_where_it_is_on(golden: Golden) -> None:
    golden("service-grpc", render_model_service(declared("deploy: {runtime: {grpc: true}}"), (1,)))


def test_the_claim_for_artifacts_is_as_in_its_golden_file(golden: Golden) -> None:
    change = """
        build: {artifactStore: {claim: {size: 5Gi, storageClassName: fast, accessMode: ReadWriteMany}}}
    """

    golden("claim", render_claim(declared(change)))


@pytest.mark.parametrize("store", ["{claim: {name: models}}", '{s3: {uri: "s3://models"}}'])
def test_a_place_of_the_user_s_own_is_not_made(store: str) -> None:
    assert render_claim(declared(f"build: {{artifactStore: {store}}}")) is None


def test_the_look_at_the_data_is_as_in_its_golden_file(golden: Golden) -> None:
    change = 'build: {data: {credentialsSecret: keys, endpointUrl: "http://minio:9000"}}'

    golden("job-data-check", render_data_check(declared(change), "churn-data-1a2b3c4d", 1, "tenure.dev/runtime:1"))


def test_the_joining_of_labels_is_as_in_its_golden_file(golden: Golden) -> None:
    change = """
    monitor:
      groundTruth: {uri: "s3://labels/churn/", joinKey: order, delaySeconds: 86400, credentialsSecret: keys}
    """
    model, pods = declared(change), {2: ["10.0.0.7:8080", "10.0.0.8:8080"], 1: ["10.0.0.5:8080"]}
    assert model.monitor is not None
    assert model.monitor.ground_truth is not None

    labels = model.monitor.ground_truth
    golden("job-join", render_join(model, labels, "churn-measure-1a2b3c4d", 2, pods, "tenure.dev/runtime:1"))


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("job-measure", "job: {image: team/audit:1, args: [all], resources: {limits: {memory: 64Mi}}}"),
        ("job-ask", 'prometheus: {url: "https://prometheus", query: up, credentialsSecret: tokens}'),
    ],
)
def test_the_measuring_of_a_signal_is_as_in_its_golden_file(golden: Golden, name: str, source: str) -> None:
    model = declared(f"monitor: {{signals: [{{name: audit, kind: KPI, min: 1, source: {{{source}}}}}]}}")
    ((watched, by),) = by_job(model.monitor)

    job = render_measurement(model, watched.signal.name, by, "churn-measure-1a2b3c4d", 2, "tenure.dev/runtime:1")

    golden(name, job)


def test_a_version_is_as_in_its_golden_file(golden: Golden) -> None:
    model = declared()
    new = NewVersion(2, build_hash(model), "Upgrade", stamp(NOW), 1)

    golden("version", render_version(model, new, plan_hash(model), "tenure.dev/runtime:1"))


def templates(change: str) -> Iterator[dict[str, Any]]:
    model = declared(change)
    yield render_training_job(model, version_of(model))["spec"]["template"]
    yield render_deployment(model, with_result(model), 1)["spec"]["template"]


@pytest.mark.parametrize("replicas", [0, 1, 7])
def test_the_number_of_replicas_changes_no_pod(replicas: int) -> None:
    one, other = declared(), declared(f"deploy: {{replicas: {max(1, replicas)}}}")

    first = render_deployment(one, with_result(one), 1)["spec"]["template"]

    assert render_deployment(other, with_result(other), replicas)["spec"]["template"] == first


def test_another_operator_s_image_changes_no_pod_of_an_old_version() -> None:
    # The image is written into the version once; the renderers are given no other.
    model = declared()
    version = replace(with_result(model), train_image="tenure.dev/runtime:old", serve_image="tenure.dev/runtime:old")

    images = [
        container["image"]
        for rendered in (render_training_job(model, version), render_deployment(model, version, 1))
        for container in (
            *rendered["spec"]["template"]["spec"].get("initContainers", ()),
            *rendered["spec"]["template"]["spec"]["containers"],
        )
    ]

    assert set(images) == {"tenure.dev/runtime:old"}


@pytest.mark.parametrize("phase", ["Testing", "Deploying", "Serving", "Superseded"])
def test_the_role_of_a_version_changes_no_pod(phase: str) -> None:
    model = declared()
    version = with_result(model)
    later = replace(version, phase=type(version.phase)(phase), served_periods=(Served("2026-01-01T00:00:00Z"),))

    assert render_deployment(model, later, 1) == render_deployment(model, version, 1)


def test_an_approval_or_another_generation_changes_no_pod() -> None:
    model = declared()
    later = replace(declared("plan: {approval: {approvedBy: bob, note: fine}}"), generation=9)

    assert render_deployment(later, with_result(model), 1) == render_deployment(model, with_result(model), 1)


@pytest.mark.parametrize("change", EVERYTHING)
def test_no_pod_gets_a_service_account_token(change: str) -> None:
    assert all(t["spec"]["automountServiceAccountToken"] is False for t in templates(change))


@pytest.mark.parametrize("change", EVERYTHING)
def test_every_pod_fits_pod_security_restricted(change: str) -> None:
    for template in templates(change):
        spec = template["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        ours = [c for c in (*spec.get("initContainers", ()), *spec["containers"]) if c["name"] != "side"]
        assert all(c["securityContext"]["allowPrivilegeEscalation"] is False for c in ours)
        assert all(c["securityContext"]["capabilities"] == {"drop": ["ALL"]} for c in ours)


@pytest.mark.parametrize("change", EVERYTHING)
def test_every_container_of_ours_asks_for_resources(change: str) -> None:
    containers = [c for template in templates(change) for c in template["spec"]["containers"] if c["name"] != "side"]

    assert all(container["resources"] for container in containers)


@pytest.mark.parametrize("change", EVERYTHING)
def test_every_volume_mount_has_its_volume(change: str) -> None:
    for template in templates(change):
        volumes = {volume["name"] for volume in template["spec"]["volumes"]}
        containers = (*template["spec"].get("initContainers", ()), *template["spec"]["containers"])
        assert {mount["name"] for c in containers for mount in c.get("volumeMounts", ())} <= volumes


@pytest.mark.parametrize("change", EVERYTHING)
def test_no_environment_name_is_given_twice(change: str) -> None:
    for template in templates(change):
        for container in template["spec"]["containers"]:
            names = [entry["name"] for entry in container.get("env", ())]
            assert len(names) == len(set(names))


def test_the_task_in_the_pod_says_what_the_user_asked_for() -> None:
    model = declared()

    job = render_training_job(model, version_of(model, 2))
    env = {entry["name"]: entry["value"] for entry in job["spec"]["template"]["spec"]["containers"][0]["env"]}
    task = loads(env["TENURE_TASK"])

    assert (task["version"], task["data"]["target"], task["requirements"]) == (
        2,
        "churned",
        [{"metric": "accuracy", "min": "0.90", "max": ""}],
    )


def test_labels_of_the_owner_are_never_copied() -> None:
    labels = render_deployment(declared(), with_result(declared()), 1)["metadata"]["labels"]

    assert all(key.startswith(("app.kubernetes.io/", "tenure.dev/")) for key in labels)


def test_every_child_is_controlled_by_its_model() -> None:
    model = declared()
    new = NewVersion(1, build_hash(model), "Initial", stamp(NOW), None)
    children = [
        render_training_job(model, version_of(model)),
        render_deployment(model, with_result(model), 1),
        render_model_service(model, (1,)),
        render_version_service(model, 1),
        render_claim(model),
        render_version(model, new, "0" * 16, "runtime:1"),
    ]

    assert all(child is not None for child in children)
    assert {child["metadata"]["ownerReferences"][0]["uid"] for child in children if child} == {model.uid}
    assert all(child["metadata"]["ownerReferences"][0]["controller"] for child in children if child)


def test_a_model_with_a_long_dotted_name_still_gets_all_its_children() -> None:
    model = declared(name="customer.churn." + "x" * 230)

    deployment = render_deployment(model, with_result(model), 1)

    assert len(deployment["metadata"]["name"]) <= 63
    assert all(len(value) <= 63 for value in deployment["metadata"]["labels"].values())


def test_a_claim_used_for_reading_and_writing_is_mounted_once_for_writing() -> None:
    volumes, mounts = mounts_for({"pvc://one/data.csv": False, "pvc://one/out/model": True})

    assert (len(volumes), mounts) == (1, [{"name": "claim-0", "mountPath": "/tenure/claims/one"}])


def test_a_claim_used_for_reading_is_mounted_read_only() -> None:
    _, mounts = mounts_for({"pvc://one/data.csv": False})

    assert mounts[0]["readOnly"] is True


def test_a_place_that_is_no_volume_needs_no_mount() -> None:
    assert mounts_for({"s3://bucket/key": True, "": False}) == ([], [])


def test_overrides_merge_maps_and_named_parts_and_replace_the_rest() -> None:
    base = {"a": {"b": 1, "c": [1, 2]}, "parts": [{"name": "main", "x": 1}, {"name": "other"}]}
    over = {"a": {"c": [3]}, "parts": [{"name": "main", "y": 2}, {"name": "new"}]}

    assert merged(base, over) == {
        "a": {"b": 1, "c": [3]},
        "parts": [{"name": "main", "x": 1, "y": 2}, {"name": "other"}, {"name": "new"}],
    }


def test_rendering_leaves_the_user_s_words_untouched() -> None:
    model = declared(JOBS["job-pod-overrides"])
    before = json.dumps(model.build.pod.pod_overrides, sort_keys=True)

    render_training_job(model, version_of(model))

    assert json.dumps(model.build.pod.pod_overrides, sort_keys=True) == before


def test_the_smallest_model_is_seen_without_errors() -> None:
    assert seeing(declared()).errors == ()


def server_environment(change: str) -> dict[str, str]:
    model = declared(change)
    pod = render_deployment(model, with_result(model), replicas=1)["spec"]["template"]["spec"]
    return {entry["name"]: entry.get("value", "") for entry in pod["containers"][0]["env"]}


def test_the_settings_of_our_own_server_reach_it() -> None:
    told = server_environment("deploy: {runtime: {workers: 2, allowPickle: true}}")

    assert (told["TENURE_WORKERS"], told["TENURE_TRUST_PICKLE"]) == ("2", "true")


def test_a_server_of_the_user_s_own_is_not_told_our_settings() -> None:
    told = server_environment('deploy: {runtime: {image: "mine:1", workers: 2, allowPickle: true}}')

    assert not {"TENURE_WORKERS", "TENURE_TRUST_PICKLE"} & set(told)
    assert set(declared('deploy: {runtime: {image: "mine:1", workers: 2}}').unsupported) == {
        "spec.deploy.runtime.workers"
    }
