"""The evidence bundle: always the same, told when it was changed, and nothing secret in it."""

import io
import json
import tarfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.cli.bundle import MANIFEST, NotABundle, make_bundle, manifest_digest, verify_bundle
from tenure.cli.contents import Asked, Evidence, files_of
from tenure.cli.redact import REDACTED, redact, redact_object, redact_text

from .objects import (
    BASELINE_DIGEST,
    BASELINE_TEXT,
    CHRONICLE,
    MODEL,
    RECORDED,
    VERSIONS,
    raw_model,
    record,
    version,
    window,
)

ABOUT = {"model": "churn"}


def bundle() -> bytes:
    return make_bundle(files_of(Evidence(MODEL, tuple(VERSIONS), record())), ABOUT)


def rebuilt(change: dict[str, bytes | None]) -> bytes:
    """The bundle with some files changed by hand, its manifest as it was."""
    with tarfile.open(fileobj=io.BytesIO(bundle())) as tar:
        files = {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in {**files, **change}.items():
            if content is not None:
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def verdicts(content: bytes) -> dict[str, str]:
    return {one.file: one.verdict for one in verify_bundle(content) if one.verdict != "ok"}


def test_a_bundle_holds_plan_objects_record_and_card() -> None:
    assert sorted(one.file for one in verify_bundle(bundle())) == [
        "approvals.json",
        "card.html",
        "card.md",
        "model.json",
        "not-reached.json",
        "plan-revisions.json",
        "plan.json",
        "record/0f0e0d0c.json",
        "reports/v1.json",
        "reports/v2.json",
        "retirement.json",
        "rollouts.json",
        "served-periods.json",
        "signals.json",
        "versions/churn-v1.json",
        "versions/churn-v2.json",
    ]


def content(evidence: Evidence, name: str) -> Any:
    return json.loads(files_of(evidence)[name])


def asked(**more: bytes) -> Asked:
    """Two pods of version 1 answered, one of version 2 did not."""
    told = {"churn-v1-abc": window("churn-v1-abc"), **more}
    return Asked(
        windows={pod: (1, text) for pod, text in told.items()},
        baselines={1: BASELINE_TEXT},
        silent={"churn-v2-abc": (2, "not reachable: it does not answer")},
    )


def test_plans_approvals_rollouts_and_crossings_are_each_a_file() -> None:
    evidence = Evidence(MODEL, tuple(VERSIONS), record(RECORDED | CHRONICLE))

    assert [one["planHash"] for one in content(evidence, "plan-revisions.json")] == [
        "0000111122223333",
        "aaaabbbbccccdddd",
    ]
    assert [(one["of"], one["approvedBy"]) for one in content(evidence, "approvals.json")] == [
        ("plan", "ann"),
        ("plan", "model-board"),
    ]
    (rollout,) = content(evidence, "rollouts.json")
    assert rollout["stages"][1]["guardrails"][0] == {
        "name": "errorRate",
        "value": "0.001",
        "bound": "<= 0.01",
        "samples": 900,
        "verdict": "Pass",
    }
    assert len(content(evidence, "signals.json")["crossings"]) == 5
    assert content(evidence, "reports/v1.json")["calibration"][0] == {
        "rows": 80,
        "confidence": "0.562",
        "right": "0.55",
    }


def test_a_deleted_model_s_bundle_holds_what_its_record_tells() -> None:
    content_of_record = RECORDED | CHRONICLE
    stage = {"stage": "Step", "step": 0, "weight": 10, "reason": "StepPassed"}
    word = {"decision": "Approved", "decidedBy": "ann"}
    content_of_record["rollouts"] = [{"version": 1, "stages": [stage], "approval": word}]
    evidence = Evidence(None, (), record(content_of_record))

    assert content(evidence, "rollouts.json")[0]["stages"][0]["weight"] == 10
    assert {"of": "version 1", "decision": "Approved", "decidedBy": "ann"} in content(evidence, "approvals.json")
    assert content(evidence, "retirement.json")["reasonCode"] == "Relevance"


def test_windows_and_baselines_are_there_as_far_as_pods_answered_and_the_rest_is_named() -> None:
    evidence = Evidence(MODEL, tuple(VERSIONS), record(), asked())

    baseline = content(evidence, "baselines/v1.json")
    assert baseline["isTheOneOnRecord"] is True
    assert baseline["digest"] == BASELINE_DIGEST
    assert [column["name"] for column in baseline["baseline"]["features"]] == ["age", "plan"]
    assert content(evidence, "windows/churn-v1-abc.json")["rows"] == 400
    missing = content(evidence, "not-reached.json")
    assert missing["windows/churn-v2-abc.json"] == "not reachable: it does not answer"
    assert BASELINE_DIGEST in missing["baselines/v2.json"]


def test_values_of_the_training_data_do_not_leave_with_the_baseline() -> None:
    assert (
        "examples" not in content(Evidence(MODEL, tuple(VERSIONS), record(), asked()), "baselines/v1.json")["baseline"]
    )


def test_a_baseline_that_is_not_the_one_on_record_is_told_and_compared_with_nothing() -> None:
    answered = asked()
    answered.baselines[1] = BASELINE_TEXT + b" "
    evidence = Evidence(MODEL, tuple(VERSIONS), record(), answered)

    assert content(evidence, "baselines/v1.json")["isTheOneOnRecord"] is False
    assert "another baseline than the one on record" in files_of(evidence)["card.md"].decode()


@pytest.mark.parametrize("answer", [b"", b"{", b"[]", b"<html>", b'{"format": "tenure.dev/window/1"}', b"\xff"])
def test_whatever_a_pod_answers_a_bundle_is_made(answer: bytes) -> None:
    files = files_of(Evidence(MODEL, tuple(VERSIONS), record(), asked(strange=answer)))

    assert "windows/strange.json" in files


def test_the_same_state_gives_the_same_bytes() -> None:
    assert bundle() == bundle()


def test_a_bundle_as_it_was_made_is_found_to_be() -> None:
    assert verdicts(bundle()) == {}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"card.md": b"better numbers"}, {"card.md": "changed"}),
        ({"plan.json": None}, {"plan.json": "missing"}),
        ({"versions/churn-v3.json": b"{}"}, {"versions/churn-v3.json": "added"}),
    ],
)
def test_what_was_changed_is_named(change: dict[str, bytes | None], found: dict[str, str]) -> None:
    assert verdicts(rebuilt(change)) == found


def test_a_bundle_that_was_made_anew_is_told_by_the_digest_of_its_manifest() -> None:
    other = make_bundle({"card.md": b"better numbers"}, ABOUT)

    assert verdicts(other) == {}
    assert manifest_digest(other) != manifest_digest(bundle())


@given(st.data())
def test_no_byte_of_a_file_can_be_changed_unseen(data: Any) -> None:
    whole = bundle()
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :]
    try:
        found = verdicts(changed)
        manifest = manifest_digest(changed)
    except NotABundle:
        return
    with tarfile.open(fileobj=io.BytesIO(changed)) as tar:
        after = {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]
    with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
        before = {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]
    assert found or manifest != manifest_digest(whole) or after == before


@pytest.mark.parametrize("content", [b"", b"hello", b"\0" * 10240, b"PK\x03\x04"])
def test_what_is_no_bundle_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(NotABundle):
        verify_bundle(content)


def test_links_and_files_that_come_twice_are_refused() -> None:
    for strange in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as tar:
            entry = tarfile.TarInfo("card.md")
            entry.type, entry.linkname = strange, "/etc/passwd"
            tar.addfile(entry)
        with pytest.raises(NotABundle, match="no plain file"):
            verify_bundle(out.getvalue())
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for _ in range(2):
            tar.addfile(tarfile.TarInfo(MANIFEST))
    with pytest.raises(NotABundle, match="twice"):
        verify_bundle(out.getvalue())


def everywhere(secret: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """A model, a version and a record that hold this word in every place where people put secrets."""
    pod = {
        "image": "registry.example.com/train:1",
        "env": [
            {"name": "PASSWORD", "value": secret},
            {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": secret, "key": secret}}},
        ],
        "envFrom": [{"secretRef": {"name": secret}}],
        "volumes": [
            {"name": "v", "secret": {"secretName": secret}},
            {"name": "c", "csi": {"volumeAttributes": {"k": secret}}},
        ],
        "podOverrides": {
            "imagePullSecrets": [{"name": secret}],
            "containers": [{"name": "main", "env": [{"name": "A", "value": secret}]}],
        },
        "args": ["--password", secret, f"--api-key={secret}", f"--db=postgres://user:{secret}@db/x"],
        "command": ["sh", "-c", f"export AWS_SECRET_ACCESS_KEY={secret}; python train.py"],
    }
    raw = raw_model()
    raw["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": secret, "note": secret}
    raw["metadata"]["managedFields"] = [{"manager": secret}]
    raw["spec"]["build"] |= {
        "train": pod,
        "evaluate": pod,
        "data": {"uri": f"https://data.example.com/x.csv?sig={secret}", "credentialsSecret": secret},
        "artifactStore": {"s3": {"uri": "s3://models", "credentialsSecret": secret}},
    }
    raw["spec"]["deploy"] |= {
        "env": pod["env"],
        "podOverrides": pod["podOverrides"],
        "smokeTest": {"request": {"x": secret}},
    }
    source = {"http": {"url": f"https://u:{secret}@kpi.example.com", "credentialsSecret": secret}}
    raw["spec"]["monitor"] = {"signals": [{"name": "kpi", "source": source}, {"name": "job", "source": {"job": pod}}]}
    raw["status"]["conditions"][0]["message"] = (
        f"GET https://kpi.example.com?key={secret} answered 401 to Bearer {secret}"
    )
    one = version(
        1, jobs=[{"name": "train", "message": f"login with password={secret} failed"}], notes=[f"token: {secret}"]
    )
    one["spec"]["build"] = json.dumps(raw["spec"]["build"])
    content = {"model": "churn", "namespace": "crm", "uid": "0f0e0d0c-1", "build": raw["spec"]["build"], "versions": []}
    return raw, one, record(content)


def all_text(evidence: Evidence) -> str:
    return "".join(content.decode() for content in files_of(evidence).values())


def test_nothing_secret_is_in_a_bundle() -> None:
    raw, one, config_map = everywhere("hunter2-Xy9")

    text = all_text(Evidence(raw, (one,), config_map))

    assert "hunter2-Xy9" not in text
    assert text.count(REDACTED) > 40


def test_the_card_of_a_record_holds_nothing_secret() -> None:
    _, _, config_map = everywhere("hunter2-Xy9")

    assert "hunter2-Xy9" not in all_text(Evidence(None, (), config_map))


@given(st.text(alphabet="abcdefABCDEF0123456789+/._~^$%", min_size=9, max_size=40).map(lambda text: f"q{text}"))
def test_no_secret_whatever_its_letters_is_in_a_bundle(secret: str) -> None:
    raw, one, config_map = everywhere(secret)

    assert secret not in all_text(Evidence(raw, (one,), config_map))


def test_what_is_evidence_and_no_secret_stays() -> None:
    text = all_text(Evidence(MODEL, tuple(VERSIONS), record()))

    assert REDACTED not in text
    for word in ("sha256:", "LogisticRegression", "Warn the retention team", "model-board", "s3://datasets/churn.csv"):
        assert word in text


def test_names_of_variables_and_arguments_without_secrets_stay() -> None:
    shown = redact({"env": [{"name": "EPOCHS", "value": "10"}], "args": ["--epochs", "10", "--fairness"]})

    assert shown == {"env": [{"name": "EPOCHS", "value": REDACTED}], "args": ["--epochs", "10", "--fairness"]}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("s3://bucket/key.csv", "s3://bucket/key.csv"),
        ("AKIAABCDEFGHIJKLMNOP was used", f"{REDACTED} was used"),
        ("authors=3 and keys: two", "authors=3 and keys: two"),
        ("https://host/a?b=c#d", f"https://host/a?{REDACTED}#d"),
    ],
)
def test_a_sentence_loses_its_secrets_alone(text: str, shown: str) -> None:
    assert redact_text(text) == shown


def test_a_build_that_cannot_be_looked_into_does_not_leave() -> None:
    raw = version(1)
    raw["spec"]["build"] = "{not json hunter2"

    assert redact_object(raw)["spec"]["build"] == REDACTED
