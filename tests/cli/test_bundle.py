"""The evidence bundle: always the same, told when it was changed, and nothing secret in it."""

import io
import json
import tarfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.cli.bundle import MANIFEST, NotABundle, make_bundle, manifest_digest, verify_bundle
from tenure.cli.contents import Evidence, files_of
from tenure.cli.redact import REDACTED, redact, redact_object, redact_text

from .objects import MODEL, VERSIONS, raw_model, record, version

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
        "card.html",
        "card.md",
        "model.json",
        "plan.json",
        "record/0f0e0d0c.json",
        "versions/churn-v1.json",
        "versions/churn-v2.json",
    ]


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
