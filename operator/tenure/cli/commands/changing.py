"""How every decision is made: chosen by what is there, shown as YAML, applied, and told."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable

from tenure.cli.applying import make_change
from tenure.cli.changes import Change
from tenure.cli.cluster import Cluster
from tenure.cli.commands.command import day, name_argument, words
from tenure.cli.honoured import not_honoured
from tenure.cli.nouns.model import Model
from tenure.cli.reading import Reader
from tenure.cli.session import Session, as_yaml
from tenure.cli.troubles import Answered, Trouble

NO_RIGHT = "cannot patch resource"


def change_arguments(parser: ArgumentParser) -> None:
    name_argument(parser)
    parser.add_argument("--dry-run", action="store_true", help="ask the API server, change nothing")
    parser.add_argument("--force-conflicts", action="store_true", help="take over fields that others wrote")


def who_arguments(parser: ArgumentParser) -> None:
    change_arguments(parser)
    parser.add_argument(
        "--by", metavar="WHO", type=words, help="person or role that decides (the cluster's name of you)"
    )
    parser.add_argument("--on", metavar="DATE", type=day, help="date of the decision (today)")
    parser.add_argument("--note", metavar="TEXT", default="", help="what the decision rests on")


def run_change(session: Session, given: Namespace, choose: Callable[[Cluster, Model], Change]) -> int:
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
        # Who lacks the right may still write the change into Git; what a policy refuses, it refuses from there too.
        if not (given.dry_run and answer.status == 403 and NO_RIGHT in str(answer)):
            raise
        session.tell(f"{named}: you may not change it, so the API server could not be asked; copy this into Git")
        return 0
    session.tell(f"{named}: {change.does}{' (dry run, nothing changed)' if given.dry_run else ''}")
    if stored["spec"].get("suspend"):
        session.tell("note: spec.suspend is true, so nothing happens until it is false")
    for path in not_honoured(change, stored):
        session.tell(f"note: this release of Tenure does not act on {path} yet")
    return 0


def read_who(cluster: Cluster, given: Namespace) -> str:
    """Return who decides: as told, else the name the cluster knows the user by."""
    if given.by:
        return str(given.by)
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        answer = cluster.ask("/apis/authentication.k8s.io/v1/selfsubjectreviews", review)
        return str(answer["status"]["userInfo"]["username"])
    except (Answered, KeyError) as wrong:
        raise Trouble("the cluster does not tell who you are; say it with --by WHO") from wrong


def read_date(session: Session, given: Namespace) -> str:
    return given.on or session.now().date().isoformat()
