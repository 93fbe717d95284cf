"""Commands that decide: each writes a few fields of one spec and shows them as YAML."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable

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
from tenure.cli.commands.changing import change_arguments, read_date, read_who, run_change, who_arguments
from tenure.cli.commands.command import Command, day, version_number, words
from tenure.cli.nouns.model import Model
from tenure.cli.session import Session
from tenure.core.clock import stamp

REASON_CODES = ("Relevance", "Effectiveness", "Accuracy", "Cost", "Compliance", "Security", "Replaced", "Other")


def _approve_arguments(parser: ArgumentParser) -> None:
    who_arguments(parser)
    parser.add_argument("--version", metavar="N", type=version_number, help="approve this version, not the plan")
    bound = parser.add_mutually_exclusive_group()
    bound.add_argument("--plan-hash", metavar="HASH", help="hash of the plan that is approved (status.planHash)")
    bound.add_argument("--unbound", action="store_true", help="approve the plan without naming its hash")


def _approve(session: Session, given: Namespace) -> int:
    def choose(cluster: Cluster, model: Model) -> Change:
        who, on = read_who(cluster, given), read_date(session, given)
        if given.version:
            return decide_version(model, given.version, "Approved", who, on, given.note)
        plan_hash = "" if given.unbound else given.plan_hash or seen_plan_hash(model)
        return approve_plan(model, who, on, given.note, plan_hash)

    return run_change(session, given, choose)


def _decide_challenger(decision: str) -> Callable[[Session, Namespace], int]:
    def run(session: Session, given: Namespace) -> int:
        def choose(cluster: Cluster, model: Model) -> Change:
            number, who = challenger_number(model), read_who(cluster, given)
            return decide_version(model, number, decision, who, read_date(session, given), given.note)

        return run_change(session, given, choose)

    return run


def _rollback_arguments(parser: ArgumentParser) -> None:
    change_arguments(parser)
    to = parser.add_mutually_exclusive_group()
    to.add_argument("--to", metavar="N", type=version_number, help="version that must serve (the previous champion)")
    to.add_argument("--unpin", action="store_true", help="let the rules choose the champion again")


def _rollback(session: Session, given: Namespace) -> int:
    return run_change(session, given, lambda _, model: unpin(model) if given.unpin else pin_version(model, given.to))


def _rebuild_arguments(parser: ArgumentParser) -> None:
    change_arguments(parser)
    parser.add_argument("--trigger", metavar="TEXT", type=words, help="value of spec.rebuild.trigger (the time now)")


def _rebuild(session: Session, given: Namespace) -> int:
    trigger = given.trigger or stamp(session.now())
    return run_change(session, given, lambda _, model: rebuild(model, trigger))


def _retire_arguments(parser: ArgumentParser) -> None:
    change_arguments(parser)
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
        "--sunset-on", metavar="DATE", type=day, help="retire on this date, announced in every answer, instead of now"
    )
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
        sunset_on=given.sunset_on or "",
    )
    return run_change(session, given, lambda _, model: retire(model, decision))


def _restore(session: Session, given: Namespace) -> int:
    return run_change(session, given, lambda _, model: restore(model))


ABOUT = (
    "It shows the change as YAML on standard output (what you would write into Git) and makes it by server-side "
    "apply as field manager kubectl-tenure: fields of others stay theirs, and a field that somebody else wrote is "
    "a conflict, not a surprise."
)

RETIRE_EXAMPLE = """\
retire churn --reason-code Relevance --reason 'the programme ended' \\
      --decided-by model-board --lesson 'ask for its end date when planning'"""
SUNSET_EXAMPLE = f"""\
{RETIRE_EXAMPLE} \\
      --successor churn-next --sunset-on 2027-03-31"""

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
        who_arguments,
        _decide_challenger("Approved"),
        f"It sets spec.approval of the challenger's ModelVersion to Approved. {ABOUT}",
    ),
    Command(
        "abort",
        "Reject the challenger of the running rollout",
        ("abort churn --note 'wrong for new customers'",),
        who_arguments,
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
        (RETIRE_EXAMPLE, SUNSET_EXAMPLE),
        _retire_arguments,
        _retire,
        f"The model drains first, and its answers tell of the successor and the date; `restore` takes it back. {ABOUT}",
    ),
    Command(
        "restore",
        "Take a retirement back",
        ("restore churn",),
        change_arguments,
        _restore,
        f"It sets spec.retire.requested to false; the champion serves again from its kept artifact. {ABOUT}",
    ),
)
