"""The plugin against the real API server: what it reads, what it writes, whose fields stay whose."""

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from e2e.api import Api

from .conftest import Terminal

pytestmark = pytest.mark.cluster


def managers_of(raw: dict[str, Any], *path: str) -> set[str]:
    """Name who owns a field of an object."""
    owners = set()
    for entry in raw["metadata"]["managedFields"]:
        node: Any = entry["fieldsV1"]
        for part in path:
            node = node.get(f"f:{part}", {}) if f"f:{part}" in node else None
            if node is None:
                break
        else:
            owners.add(entry["manager"])
    return owners


def test_a_model_is_read_with_its_versions(terminal: Terminal) -> None:
    shown = json.loads(terminal.ask("status", "churn", "-o", "json"))

    assert [(one["number"], one["metrics"]["accuracy"]) for one in shown["versions"]] == [(1, "0.93"), (2, "0.94")]
    assert "churn" in terminal.ask("status")


def test_which_version_served_is_answered_by_the_cluster(terminal: Terminal) -> None:
    shown = json.loads(terminal.ask("history", "churn", "--on", "2027-01-02", "-o", "json"))

    assert [period["version"] for period in shown["servedPeriods"]] == [1]
    assert terminal.ask("history", "churn", "--on", "2020-01-01") == "No version of churn served on 2020-01-01.\n"


def test_versions_and_their_difference_are_read(terminal: Terminal) -> None:
    assert "+0.01" in terminal.ask("diff", "churn", "1", "v2")
    assert len(yaml.safe_load(terminal.ask("versions", "churn", "-o", "yaml"))) == 2


def test_what_is_not_there_is_one_line_and_1(terminal: Terminal) -> None:
    answers = [
        terminal.run(*words) for words in (("status", "nobody"), ("diff", "churn", "1", "9"), ("card", "nobody"))
    ]

    assert [(answer.returncode, answer.stdout, answer.stderr.count("\n")) for answer in answers] == [(1, "", 1)] * 3


def test_a_plan_is_approved_with_its_hash_and_nothing_else_is_taken(terminal: Terminal) -> None:
    terminal.wait_until_nobody_writes()
    plan_hash = json.loads(terminal.ask("status", "churn", "-o", "json"))["planHash"]
    answer = terminal.run(
        "approve", "churn", "--by", "board", "--on", "2027-01-02", "--note", "again 🦆", "--force-conflicts"
    )

    raw = terminal.model()
    assert raw["spec"]["plan"]["approval"] == {
        "approvedBy": "board",
        "approvedOn": "2027-01-02",
        "note": "again 🦆",
        "planHash": plan_hash,
        "required": True,
    }
    assert yaml.safe_load(answer.stdout)["spec"]["plan"]["approval"]["planHash"] == plan_hash
    assert managers_of(raw, "spec", "plan", "approval", "planHash") == {"kubectl-tenure"}
    assert managers_of(raw, "spec", "plan", "owner") == {"author"}


def test_who_decides_is_the_clusters_name_of_the_user(terminal: Terminal) -> None:
    terminal.ask("promote", "churn", "--note", "good")

    approval = terminal.api.read("ModelVersion", terminal.namespace, "churn-v2")["spec"]["approval"]
    whoami = json.loads(terminal.api.kubectl("auth", "whoami", "-o", "json"))["status"]["userInfo"]["username"]
    assert (approval["decision"], approval["decidedBy"], approval["note"]) == ("Approved", whoami, "good")


def test_an_abort_after_a_promotion_leaves_no_word_of_it(terminal: Terminal) -> None:
    terminal.ask("promote", "churn", "--by", "ann", "--on", "2027-01-02", "--note", "good")
    terminal.ask("abort", "churn", "--by", "bob", "--on", "2027-01-03")

    approval = terminal.api.read("ModelVersion", terminal.namespace, "churn-v2")["spec"]["approval"]
    assert approval == {"decision": "Rejected", "decidedBy": "bob", "decidedOn": "2027-01-03"}


def test_one_decision_does_not_take_back_another(terminal: Terminal) -> None:
    terminal.ask("rollback", "churn", "--to", "1")
    terminal.ask("rebuild", "churn", "--trigger", "march")
    terminal.ask("retire", "churn", *RETIREMENT)
    terminal.ask("restore", "churn")

    spec = terminal.model()["spec"]
    assert (spec["versions"]["pin"], spec["rebuild"]["trigger"]) == (1, "march")
    assert (spec["retire"]["requested"], spec["retire"]["lessonsLearned"]) == (
        False,
        ["Ask for its end.", "Keep labels."],
    )


RETIREMENT = (
    *("--reason-code", "Relevance", "--reason", "It ended.", "--decided-by", "board"),
    *("--lesson", "Ask for its end.", "--lesson", "Keep labels."),
)


def test_a_pin_is_taken_out_again(terminal: Terminal) -> None:
    terminal.ask("rollback", "churn", "--to", "1")

    printed = terminal.ask("rollback", "churn", "--unpin")

    assert printed.startswith("# taken out: spec.versions.pin\n")
    assert "pin" not in terminal.model()["spec"]["versions"]


def test_a_dry_run_changes_nothing_and_prints_what_git_needs(terminal: Terminal) -> None:
    before = terminal.model()["metadata"]["generation"]

    answer = terminal.run("rollback", "churn", "--to", "1", "--dry-run")

    assert yaml.safe_load(answer.stdout) == {
        "apiVersion": "tenure.dev/v1alpha1",
        "kind": "MLModel",
        "metadata": {"name": "churn", "namespace": terminal.namespace},
        "spec": {"versions": {"pin": 1}},
    }
    assert "dry run, nothing changed" in answer.stderr
    assert "note: spec.suspend is true, so nothing happens until it is false" in answer.stderr
    assert terminal.model()["metadata"]["generation"] == before


def test_the_printed_change_can_be_applied_by_somebody_else(terminal: Terminal) -> None:
    change = terminal.ask("rollback", "churn", "--to", "1", "--dry-run")

    terminal.api.kubectl("apply", "--server-side", "--field-manager=argocd-controller", "-f", "-", text=change)

    assert terminal.model()["spec"]["versions"]["pin"] == 1


def test_a_field_that_git_owns_is_a_conflict_until_it_is_taken_over(terminal: Terminal) -> None:
    change = terminal.ask("rollback", "churn", "--to", "1", "--dry-run")
    terminal.api.kubectl("apply", "--server-side", "--field-manager=argocd-controller", "-f", "-", text=change)

    refused = terminal.run("rollback", "churn", "--to", "2")
    kept = terminal.model()["spec"]["versions"]["pin"]
    stuck = terminal.run("rollback", "churn", "--unpin")
    terminal.ask("rollback", "churn", "--to", "2", "--force-conflicts")

    assert (refused.returncode, kept) == (1, 1)
    assert "spec.versions.pin belongs to argocd-controller: make the change above there (in Git)" in refused.stderr
    assert (stuck.returncode, "because argocd-controller set it" in stuck.stderr) == (1, True)
    assert terminal.model()["spec"]["versions"]["pin"] == 2


def test_what_the_api_server_refuses_is_told_in_its_words(terminal: Terminal) -> None:
    answer = terminal.run("rebuild", "churn", "--trigger", "x" * 300)

    assert answer.returncode == 1
    assert "spec.rebuild.trigger: Too long" in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_a_version_that_never_was_is_not_pinned(terminal: Terminal) -> None:
    answer = terminal.run("rollback", "churn", "--to", "9")

    assert (answer.returncode, answer.stdout) == (1, "")
    assert "churn has no version 9 (there are: 1, 2)" in answer.stderr


def test_who_may_only_look_gets_the_yaml_of_a_dry_run_and_a_refusal_otherwise(reader: Terminal) -> None:
    dry = reader.run("rollback", "churn", "--to", "1", "--dry-run")
    wet = reader.run("rollback", "churn", "--to", "1")

    assert (dry.returncode, yaml.safe_load(dry.stdout)["spec"]) == (0, {"versions": {"pin": 1}})
    assert "copy this into Git" in dry.stderr
    assert (wet.returncode, "forbidden" in wet.stderr) == (1, True)


def test_what_a_policy_of_the_cluster_refuses_is_refused_in_a_dry_run_too(frozen: Terminal) -> None:
    until = time.monotonic() + 30  # the API server takes a moment to learn a policy
    while (answer := frozen.run("rollback", "churn", "--to", "1", "--dry-run")).returncode == 0:
        assert time.monotonic() < until
        time.sleep(0.3)

    assert "pins are frozen this week" in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_who_may_only_look_sees_status_and_the_lessons_of_the_namespace(reader: Terminal, recorded: Terminal) -> None:
    assert "churn-v1" in reader.ask("status", "churn")
    assert "Keep the labels." in reader.ask("lessons", "--grep", "labels")


def test_lessons_of_all_namespaces_are_searched(recorded: Terminal) -> None:
    found = json.loads(recorded.ask("lessons", "-A", "--grep", "loyalty", "-o", "json"))

    assert {one["lesson"] for one in found if one["namespace"] == recorded.namespace} == {
        "Ask for the end date of the programme when planning.",
        "Keep the labels.",
    }


def test_a_bundle_is_the_same_twice_and_verified(recorded: Terminal, tmp_path: Path) -> None:
    first, second = tmp_path / "1.tar", tmp_path / "2.tar"
    recorded.wait_until_nobody_writes()
    printed = recorded.ask("bundle", "churn", "-f", str(first))
    recorded.ask("bundle", "churn", "-f", str(second))
    digest = printed.split()[-1]

    assert first.read_bytes() == second.read_bytes()
    assert f"its digest is {digest}" in recorded.ask("verify", str(first), "--digest", digest)

    changed = first.read_bytes().replace(b"team-crm", b"team-cxm")
    second.write_bytes(changed)
    answer = recorded.run("verify", str(second))
    assert answer.returncode == 1
    assert {line.split()[0] for line in answer.stdout.splitlines() if " changed " in line} >= {"card.md", "model.json"}


def test_the_card_of_a_deleted_model_is_told_from_its_record(recorded: Terminal) -> None:
    recorded.api.delete("MLModel", recorded.namespace, "churn")

    gone = recorded.run("status", "churn")
    card = recorded.ask("card", "churn", "-o", "html")

    assert (gone.returncode, "`kubectl tenure card churn` shows its record" in gone.stderr) == (1, True)
    assert "The loyalty programme ended." in card
    assert "churn-retirement-record" not in card


def test_a_watch_that_is_no_terminal_tells_each_change_in_a_line(terminal: Terminal) -> None:
    words = ("status", "churn", "--watch", "--interval", "0.2", "--timeout", "60")
    process = subprocess.Popen(
        terminal.command(*words),
        stdout=subprocess.PIPE,
        text=True,
        env=terminal.environment() | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    terminal.write_status("MLModel", "churn", {"signals": [{"name": "fresh", "value": "0.5", "verdict": "Pass"}]})
    second = process.stdout.readline()
    terminal.api.delete("MLModel", terminal.namespace, "churn")
    last = process.stdout.read().splitlines()[-1]

    assert "champion=churn-v1" in first
    assert "fresh=0.5(Pass)" in second
    assert (process.wait(timeout=30), "no MLModel churn" in last) == (1, True)


def test_a_watch_in_a_terminal_is_a_picture_until_somebody_has_seen_enough(terminal: Terminal) -> None:
    ours, theirs = os.openpty()
    environment = terminal.environment() | {"TERM": "xterm-256color", "COLUMNS": "120", "LINES": "50"}
    process = subprocess.Popen(
        terminal.command("status", "churn", "--watch"),
        stdout=theirs,
        stderr=theirs,
        env=environment,
        # Who runs tests in the background of a shell has SIGINT ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    os.close(theirs)
    seen = ""
    while "CONDITION" not in seen or "GUARDRAIL" not in seen:
        seen += os.read(ours, 65536).decode(errors="replace")
    process.send_signal(signal.SIGINT)
    with contextlib.suppress(OSError):  # what it still paints must be read, or it waits for that for ever
        while os.read(ours, 65536):
            pass

    assert process.wait(timeout=30) == 0
    assert "\x1b[" in seen
    assert "█" in seen


def test_the_doctor_finds_what_the_cluster_has(terminal: Terminal) -> None:
    answer = terminal.run("doctor", "-o", "json")

    found = {one["check"]: one["verdict"] for one in json.loads(answer.stdout)}
    assert found["Kubernetes"] == "ok"
    assert found["Your rights"] == found["Asking pods"] == "ok"
    assert found.get("Operator's rights", "ok") == "ok"
    assert found["CRD modelversions.tenure.dev"] in ("ok", "warn")
    assert answer.returncode == (1 if "fail" in found.values() else 0)


def test_the_doctor_of_who_may_only_look_says_what_could_not_be_seen(reader: Terminal) -> None:
    found = {one["check"]: one for one in json.loads(reader.run("doctor", "-o", "json").stdout)}

    assert found["Operator"]["found"] == "you may not see Deployments of all namespaces"
    assert "patch mlmodels.tenure.dev" in found["Your rights"]["found"]


def test_kubectl_finds_the_plugin(terminal: Terminal, api: Api, plugin_path: str) -> None:
    command = [*api.kubectl_command()[:1], "tenure", "status", "churn", "-n", terminal.namespace]

    answer = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PATH": plugin_path, "KUBECONFIG": api.kubeconfig, "HOME": "/nowhere"},
    )

    assert "churn-v1" in answer.stdout.split(), answer.stderr


def test_kubectl_completes_the_plugin(terminal: Terminal, api: Api, plugin_path: str) -> None:
    command = [*api.kubectl_command()[:1], "__complete", "tenure", "-n", terminal.namespace, "rollback", "churn"]

    answer = subprocess.run(
        [*command, "--to", ""],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PATH": plugin_path, "KUBECONFIG": api.kubeconfig, "HOME": "/nowhere"},
    )

    assert answer.stdout.split() == ["1", "2", ":4"], answer.stderr
