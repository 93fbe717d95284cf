"""Commands that look: status, versions, history, diff, lessons."""

from argparse import ArgumentParser, Namespace

from tenure.cli.commands.command import Command, name_argument, output_argument, version_number, words
from tenure.cli.session import Session
from tenure.cli.troubles import Answered, Misused, Trouble
from tenure.cli.views.history import read_time, show_history, show_served_on
from tenure.cli.views.lessons import show_lessons
from tenure.cli.views.status import show_models, show_status
from tenure.cli.views.versions import show_difference, show_versions
from tenure.cli.watching import watch


def _status_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?", help="name of the MLModel; without it all are listed")
    parser.add_argument("-A", "--all-namespaces", action="store_true", help="list the models of all namespaces")
    parser.add_argument("-w", "--watch", action="store_true", help="show every change until Ctrl-C")
    parser.add_argument("--interval", type=float, default=2.0, metavar="SECONDS", help="time between two looks (2)")
    parser.add_argument("--timeout", type=float, default=0.0, metavar="SECONDS", help="end the watch then (never)")
    output_argument(parser)


def _status(session: Session, given: Namespace) -> int:
    if not given.name:
        if given.watch:
            raise Misused("--watch needs the NAME of a model")
        models = session.reader().read_models(given.all_namespaces)
        page = show_models(models, session.now(), given.all_namespaces)
        if not models and given.output == "table":
            session.tell("no models here; -A looks into all namespaces")
        session.show(page, given.output)
        return 0
    if given.all_namespaces:
        raise Misused("a NAME is of one namespace: use -n, or -A without a NAME")
    if given.watch:
        if given.output != "table":
            raise Misused("--watch shows a picture or lines; -o json and yaml are for one look")
        return watch(session, given.name, max(0.1, given.interval), given.timeout)
    reader = session.reader()
    model, pods = reader.read_living(given.name), reader.read_pods(given.name)
    session.show(show_status(model, pods, session.now()), given.output)
    return 0


def _versions_arguments(parser: ArgumentParser) -> None:
    name_argument(parser)
    output_argument(parser)


def _versions(session: Session, given: Namespace) -> int:
    session.show(show_versions(session.reader().read_model(given.name), session.now()), given.output)
    return 0


def _history_arguments(parser: ArgumentParser) -> None:
    name_argument(parser)
    parser.add_argument("--on", metavar="DATE", help="which version served then; 2027-03-31 or 2027-03-31T12:00:00Z")
    output_argument(parser)


def _history(session: Session, given: Namespace) -> int:
    if given.on:
        try:
            read_time(given.on)
        except ValueError as wrong:
            raise Misused(str(wrong)) from wrong
    model = session.reader().read_model(given.name)
    now = session.now()
    session.show(show_served_on(model, given.on, now) if given.on else show_history(model, now), given.output)
    return 0


def _diff_arguments(parser: ArgumentParser) -> None:
    name_argument(parser)
    parser.add_argument("old", metavar="V1", type=version_number, help="version to compare from, 1 or v1")
    parser.add_argument("new", metavar="V2", type=version_number, help="version to compare to")
    output_argument(parser)


def _diff(session: Session, given: Namespace) -> int:
    model = session.reader().read_model(given.name)
    found = [model.find_version(number) for number in (given.old, given.new)]
    known = ", ".join(str(version.number) for version in model.versions) or "none"
    old, new = found
    if old is None or new is None:
        missing = given.old if old is None else given.new
        raise Trouble(f"{given.name} has no version {missing} (there are: {known})")
    session.show(show_difference(model, old, new), given.output)
    return 0


def _lessons_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--grep", metavar="WORD", type=words, help="only lessons about this word")
    parser.add_argument("-A", "--all-namespaces", action="store_true", help="records of all namespaces")
    output_argument(parser)


def _lessons(session: Session, given: Namespace) -> int:
    """Without a namespace the whole cluster is searched; who may not gets the present namespace."""
    reader = session.reader()
    everywhere = given.all_namespaces or not session.where.namespace
    try:
        records = reader.read_records(everywhere)
    except Answered as answer:
        if answer.status != 403 or given.all_namespaces or not everywhere:
            raise
        session.tell("you may not read the records of all namespaces; these are of the present one")
        records = reader.read_records(everywhere=False)
    session.show(show_lessons(records, given.grep or ""), given.output)
    return 0


COMMANDS = (
    Command(
        "status",
        "Who serves, how far the rollout is, what the signals say, who must act",
        ("status churn", "status churn --watch", "status -A", "status churn -o yaml"),
        _status_arguments,
        _status,
        "In a terminal --watch is a live picture; elsewhere it writes one line per change.",
    ),
    Command(
        "versions",
        "Every version with its number, role, origin and what it reached",
        ("versions churn", "versions churn -o json"),
        _versions_arguments,
        _versions,
    ),
    Command(
        "history",
        "What the model went through, and which version served when",
        ("history churn", "history churn --on 2027-03-31", "history churn --on 2027-03-31T12:00:00Z -o json"),
        _history_arguments,
        _history,
        "A deleted model's history is told from its record.",
    ),
    Command(
        "diff",
        "How two versions differ in parameters, data and metrics",
        ("diff churn 1 2",),
        _diff_arguments,
        _diff,
    ),
    Command(
        "lessons",
        "What retired models taught, over all records",
        ("lessons", "lessons --grep loyalty", "lessons -n crm -o yaml"),
        _lessons_arguments,
        _lessons,
    ),
)
