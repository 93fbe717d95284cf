"""Commands for evidence: card, bundle, verify."""

import json
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path

from tenure.cli.asking import ask_pods
from tenure.cli.blocks import Page, Paragraph, Table
from tenure.cli.bundle import LARGEST, Finding, NotABundle, digest, make_bundle, manifest_digest, verify_bundle
from tenure.cli.commands.command import Command, name_argument, output_argument
from tenure.cli.contents import Evidence, files_of, told_model
from tenure.cli.nouns.data import as_data
from tenure.cli.paint import html, markdown
from tenure.cli.reading import Reader
from tenure.cli.session import Session
from tenure.cli.troubles import Trouble
from tenure.cli.views.card import show_card


def _card_arguments(parser: ArgumentParser) -> None:
    name_argument(parser)
    parser.add_argument(
        "-o", "--output", choices=("md", "html", "json", "yaml"), default="md", help="md (default), html, json or yaml"
    )


def _card(session: Session, given: Namespace) -> int:
    model = told_model(_read_evidence(session, given.name))
    assert model is not None
    page = show_card(model)
    if given.output == "md":
        session.out.write(markdown.paint(page.blocks))
    elif given.output == "html":
        session.out.write(html.paint(f"Model card: {model.name}", page.blocks))
    else:
        session.show(page, given.output)
    return 0


def _read_evidence(session: Session, name: str) -> Evidence:
    """Read all there is: the objects, and what the pods of a living model alone know."""
    cluster = session.connect(session.where)
    reader = Reader(cluster)
    evidence = reader.read_evidence(name)
    if evidence.model is None:
        return evidence
    return replace(evidence, asked=ask_pods(cluster, name, reader.read_raw_pods(name)))


def _bundle_arguments(parser: ArgumentParser) -> None:
    name_argument(parser)
    parser.add_argument("-f", "--file", metavar="FILE.tar", required=True, help="where to write it")


def _bundle(session: Session, given: Namespace) -> int:
    evidence = _read_evidence(session, given.name)
    model = told_model(evidence)
    assert model is not None
    files = files_of(evidence)
    bundle = make_bundle(files, {"model": model.name, "namespace": model.namespace, "uid": model.uid})
    try:
        Path(given.file).write_bytes(bundle)
    except OSError as wrong:
        raise Trouble(f"{given.file} cannot be written: {wrong.strerror}") from wrong
    session.out.write(f"{given.file}: {len(files)} files, manifest {manifest_digest(bundle)}\n")
    missing = json.loads(files["not-reached.json"])
    if missing:
        why = next(iter(missing.values()))
        session.tell(f"{len(missing)} more could not be had, see not-reached.json in it: {why}")
    session.tell("keep the manifest's digest elsewhere: with it, verify --digest tells a bundle that was made anew")
    return 0


def _verify_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE.tar", help="the bundle")
    parser.add_argument("--digest", metavar="SHA256", help="digest the manifest must have, as bundle printed it")
    output_argument(parser)


def _verify(session: Session, given: Namespace) -> int:
    bundle = _read(given.file)
    try:
        findings, manifest = verify_bundle(bundle), manifest_digest(bundle)
    except NotABundle as wrong:
        raise Trouble(f"{given.file} is no bundle of Tenure: {wrong}") from wrong
    if given.digest and given.digest.removeprefix("sha256:") != manifest.removeprefix("sha256:"):
        findings = (Finding("manifest.json", "changed", manifest), *findings)
    bad = [one for one in findings if one.verdict != "ok"]
    rows = tuple((one.file, one.verdict, one.found) for one in bad)
    good = f"{len(findings)} files are as the manifest says; its digest is {manifest}"
    text = f"{given.file} was changed: {len(bad)} of {len(findings)} files differ" if bad else good
    data = {"file": given.file, "manifest": manifest, "bundle": digest(bundle), "findings": as_data(findings)}
    session.show(Page((Paragraph(text), Table(("File", "Verdict", "Found"), rows)), data), given.output)
    return 1 if bad else 0


def _read(name: str) -> bytes:
    try:
        path = Path(name)
        if path.stat().st_size > 4 * LARGEST:
            raise Trouble(f"{name} is larger than any bundle")
        return path.read_bytes()
    except OSError as wrong:
        raise Trouble(f"{name} cannot be read: {wrong.strerror}") from wrong


COMMANDS = (
    Command(
        "card",
        "The model card, as Markdown or as one HTML page with plots",
        ("card churn", "card churn -o html > churn.html"),
        _card_arguments,
        _card,
        "A deleted model's card is told from its record. Values of environment variables, names of Secrets, pod "
        "overrides and passwords in addresses are left out.",
    ),
    Command(
        "bundle",
        "All evidence of a model in one tar, with the digest of each file",
        ("bundle churn -f churn.tar",),
        _bundle_arguments,
        _bundle,
        "Plan revisions, the report of every version, baselines, windows, approvals, rollouts, signals, served "
        "periods, retirement, objects, record and card, without anything secret. Baselines and windows come from "
        "running pods, through the API server (get pods/proxy); what could not be had is named in "
        "not-reached.json. The same state gives the same bytes.",
    ),
    Command(
        "verify",
        "Whether a bundle is as it was made; names what was changed",
        ("verify churn.tar", "verify churn.tar --digest sha256:..."),
        _verify_arguments,
        _verify,
    ),
)
