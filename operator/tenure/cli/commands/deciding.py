"""Commands that decide: each writes a few fields of one spec and shows them as YAML."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable

from tenure.cli.applying import make_change
from tenure.cli.changes import (
    Change,
    Decision,
    approve_plan,
    challenger_number,
    decide_version,
    pin_version,
    rebuild,
    restore,
    retire,
    seen_plan_hash,
    unpin,
)
from tenure.cli.cluster import Cluster
from tenure.cli.commands.command import Command, day, name_argument, version_number, words
from tenure.cli.honoured import not_honoured
from tenure.cli.nouns import Model
from tenure.cli.reading import Reader
from tenure.cli.session import Session, as_yaml
from tenure.cli.troubles import Answered, Trouble
from tenure.core.clock import stamp

REASON_CODES = ("Relevance", "Effectiveness", "Accuracy", "Cost", "Compliance", "Security", "Replaced", "Other")


def _change_arguments(parser: ArgumentParser) -> None:
    name_argument(parser)
    parser.add_argument("--dry-run", action="store_true", help="ask the API server, change nothing")
    parser.add_argument("--force-conflicts", action="store_true", help="take over fields that others wrote")


def _who_arguments(parser: ArgumentParser) -> None:
    _change_arguments(parser)
    parser.add_argument(
        "--by", metavar="WHO", type=words, help="person or role that decides (the cluster's name of you)"
    )
    parser.add_argument("--on", metavar="DATE", type=day, help="date of the decision (today)")
    parser.add_argument("--note", metavar="TEXT", default="", help="what the decision rests on")


def _change(session: Session, given: Namespace, choose: Callable[[Cluster, Model], Change]) -> int:
    """Choose a change by what is there, show it, make it, and say what this release does not act on."""
    cluster = session.connect(session.where)
    change = choose(cluster, Reader(cluster).read_living(given.name))
    raw = cluster.read(change.kind, change.namespace, change.name)
    if raw is None:
        raise Trouble(f"{change.kind} {change.name} was deleted meanwhile")
    for path in change.taken_out(raw):
        session.out.write(f"# taken out: {path}\n")
    session.out.write(as_yaml(change.as_manifest()))
    session.out.flush()
    named = f"{change.kind.lower()}.tenure.dev/{change.name}"
    try:
        stored = make_change(cluster, change, raw, given.force_conflicts, given.dry_run)
    except Answered as answer:
        if not (given.dry_run and answer.status == 403):
            raise
        session.tell(f"{named}: you may not change it, so the API server could not be asked; copy this into Git")
        return 0
    session.tell(f"{named}: {change.does}{' (dry run, nothing changed)' if given.dry_run else ''}")
    if stored["spec"].get("suspend"):
        session.tell("note: spec.suspend is true, so nothing happens until it is false")
    for path in not_honoured(change, stored):
        session.tell(f"note: this release of Tenure does not act on {path} yet")
    return 0


def _who(cluster: Cluster, given: Namespace) -> str:
    """Return who decides: as told, else the name the cluster knows the user by."""
    if given.by:
        return str(given.by)
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        answer = cluster.ask("/apis/authentication.k8s.io/v1/selfsubjectreviews", review)
        return str(answer["status"]["userInfo"]["username"])
    except (Answered, KeyError) as wrong:
        raise Trouble("the cluster does not tell who you are; say it with --by WHO") from wrong


def _on(session: Session, given: Namespace) -> str:
    return given.on or session.now().date().isoformat()


def _approve_arguments(parser: ArgumentParser) -> None:
    _who_arguments(parser)
    parser.add_argument("--version", metavar="N", type=version_number, help="approve this version, not the plan")
    bound = parser.add_mutually_exclusive_group()
    bound.add_argument("--plan-hash", metavar="HASH", help="hash of the plan that is approved (status.planHash)")
    bound.add_argument("--unbound", action="store_true", help="approve the plan without naming its hash")


def _approve(session: Session, given: Namespace) -> int:
    def choose(cluster: Cluster, model: Model) -> Change:
        who, on = _who(cluster, given), _on(session, given)
        if given.version:
            return decide_version(model, given.version, "Approved", who, on, given.note)
        plan_hash = "" if given.unbound else given.plan_hash or seen_plan_hash(model)
        return approve_plan(model, who, on, given.note, plan_hash)

    return _change(session, given, choose)


def _decide_challenger(decision: str) -> Callable[[Session, Namespace], int]:
    def run(session: Session, given: Namespace) -> int:
        def choose(cluster: Cluster, model: Model) -> Change:
            number = challenger_number(model)
            return decide_version(model, number, decision, _who(cluster, given), _on(session, given), given.note)

        return _change(session, given, choose)

    return run


def _rollback_arguments(parser: ArgumentParser) -> None:
    _change_arguments(parser)
    to = parser.add_mutually_exclusive_group()
    to.add_argument("--to", metavar="N", type=version_number, help="version that must serve (the previous champion)")
    to.add_argument("--unpin", action="store_true", help="let the rules choose the champion again")


def _rollback(session: Session, given: Namespace) -> int:
    return _change(session, given, lambda _, model: unpin(model) if given.unpin else pin_version(model, given.to))


def _rebuild_arguments(parser: ArgumentParser) -> None:
    _change_arguments(parser)
    parser.add_argument("--trigger", metavar="TEXT", type=words, help="value of spec.rebuild.trigger (the time now)")


def _rebuild(session: Session, given: Namespace) -> int:
    trigger = given.trigger or stamp(session.now())
    return _change(session, given, lambda _, model: rebuild(model, trigger))


def _retire_arguments(parser: ArgumentParser) -> None:
    _change_arguments(parser)
    parser.add_argument(
        "--reason-code", choices=REASON_CODES, required=True, metavar="CODE", help=", ".join(REASON_CODES)
    )
    parser.add_argument("--reason", metavar="TEXT", type=words, required=True, help="why, in sentences")
    parser.add_argument("--decided-by", metavar="WHO", type=words, required=True, help="person or role that decided")
    parser.add_argument("--decided-on", metavar="DATE", type=day, help="date of the decision (today)")
    parser.add_argument(
        "--lesson",
        metavar="TEXT",
        type=words,
        required=True,
        action="append",
        help="what the next plan should know; again for more",
    )
    parser.add_argument("--successor", metavar="NAME", type=words, help="what users turn to instead")
    parser.add_argument("--successor-url", metavar="URL", type=words, help="its address")
    parser.add_argument(
        "--force",
        metavar="WHO",
        type=words,
        help="who takes responsibility for retiring while requests still come",
    )


def _retire(session: Session, given: Namespace) -> int:
    decision = Decision(
        reason_code=given.reason_code,
        reason=given.reason,
        decided_by=given.decided_by,
        decided_on=given.decided_on or session.now().date().isoformat(),
        lessons=tuple(given.lesson),
        successor=given.successor or "",
        successor_url=given.successor_url or "",
        force=given.force or "",
    )
    return _change(session, given, lambda _, model: retire(model, decision))


def _restore(session: Session, given: Namespace) -> int:
    return _change(session, given, lambda _, model: restore(model))


ABOUT = (
    "It shows the change as YAML on standard output (what you would write into Git) and makes it by server-side "
    "apply as field manager kubectl-tenure: fields of others stay theirs, and a field that somebody else wrote is "
    "a conflict, not a surprise."
)

RETIRE_EXAMPLE = (
    "retire churn --reason-code Relevance --reason 'the programme ended' --decided-by model-board "
    "--lesson 'ask for its end date when planning'"
)

COMMANDS = (
    Command(
        "approve",
        "Approve the plan, or one version",
        ("approve churn", "approve churn --by model-board --note 'one region first'", "approve churn --version 3"),
        _approve_arguments,
        _approve,
        f"The approval names the hash of the plan as it is now, so a plan that changes needs another. {ABOUT}",
    ),
    Command(
        "promote",
        "Approve the challenger of the running rollout",
        ("promote churn", "promote churn --by model-board"),
        _who_arguments,
        _decide_challenger("Approved"),
        f"It sets spec.approval of the challenger's ModelVersion to Approved. {ABOUT}",
    ),
    Command(
        "abort",
        "Reject the challenger of the running rollout",
        ("abort churn --note 'wrong for new customers'",),
        _who_arguments,
        _decide_challenger("Rejected"),
        f"It sets spec.approval of the challenger's ModelVersion to Rejected. {ABOUT}",
    ),
    Command(
        "rollback",
        "Make the previous champion, or version N, serve",
        ("rollback churn", "rollback churn --to 3", "rollback churn --to 3 --dry-run", "rollback churn --unpin"),
        _rollback_arguments,
        _rollback,
        f"It sets spec.versions.pin. {ABOUT}",
    ),
    Command(
        "rebuild",
        "Train a new version now",
        ("rebuild churn", "rebuild churn --trigger 'after the import of March'"),
        _rebuild_arguments,
        _rebuild,
        f"It sets spec.rebuild.trigger to a new value. {ABOUT}",
    ),
    Command(
        "retire",
        "End the model's service, with the decision's evidence",
        (RETIRE_EXAMPLE,),
        _retire_arguments,
        _retire,
        f"The model drains first; `restore` takes it back. {ABOUT}",
    ),
    Command(
        "restore",
        "Take a retirement back",
        ("restore churn",),
        _change_arguments,
        _restore,
        f"It sets spec.retire.requested to false; the champion serves again from its kept artifact. {ABOUT}",
    ),
)
