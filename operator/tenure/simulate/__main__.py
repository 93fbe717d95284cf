"""`python -m tenure.simulate`: replay a history under the policy of an MLModel and print what would be decided."""

import argparse
import sys
from pathlib import Path
from typing import Any

import yaml

from tenure.api.parsing import parse_model
from tenure.core.spec import Model
from tenure.simulate.history import CannotSimulateError, make_history, read_csv
from tenure.simulate.learning import Recorded, Trainer
from tenure.simulate.outcome import to_json, to_table
from tenure.simulate.replay import Options, simulate


def main(words: list[str] | None = None) -> int:
    """Run the command; 2 when the arguments, the model or the history do not allow it."""
    given = _parser().parse_args(words)
    try:
        model = read_model(given.model)
        history = make_history(
            model,
            read_csv(given.data),
            time=given.time,
            seconds_between_rows=given.seconds_between_rows,
            prediction=given.prediction,
        )
        learner = Recorded(model) if given.prediction else Trainer(model)
        options = Options(given.first_rows, given.learn_rows, given.build_seconds, given.label_delay_seconds)
        outcome = simulate(model, history, learner, options)
    except CannotSimulateError as wrong:
        sys.stderr.write(f"simulate: {wrong}\n")
        return 2
    print(to_json(outcome) if given.output == "json" else to_table(outcome))
    return 0


def read_model(path: Path) -> Model:
    """Read the first MLModel of a YAML file; raise CannotSimulateError when there is none that can be used."""
    try:
        documents: list[Any] = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as wrong:
        raise CannotSimulateError(f"{path} cannot be read: {wrong}") from wrong
    raw = next((one for one in documents if isinstance(one, dict) and one.get("kind") == "MLModel"), None)
    if raw is None:
        raise CannotSimulateError(f"{path} holds no MLModel")
    meta = raw.get("metadata") or {}
    identity = {"name": "model", "namespace": "default", "uid": "simulated", **meta}
    model, errors = parse_model({**raw, "metadata": identity})
    if errors:
        raise CannotSimulateError(f"{path}: {errors[0]}")
    return model


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="simulate",
        description="Replay labelled rows under an MLModel's monitor and rebuild blocks, by the operator's own rules.",
    )
    parser.add_argument("--model", type=Path, required=True, help="YAML file with the MLModel")
    parser.add_argument("--data", type=Path, required=True, help="CSV file: features, the target, perhaps a time")
    parser.add_argument("--time", default="", help="column with the time of each row (dates, or seconds)")
    parser.add_argument(
        "--seconds-between-rows", type=float, default=1.0, help="without --time: how often a row comes (default 1)"
    )
    parser.add_argument("--first-rows", type=int, default=0, help="rows version 1 learns from (default: a fifth)")
    parser.add_argument(
        "--learn-rows", type=int, default=0, help="newest rows a rebuild learns from (default: as many as version 1)"
    )
    parser.add_argument("--build-seconds", type=float, default=600.0, help="how long a rebuild takes (default 600)")
    parser.add_argument("--label-delay-seconds", type=float, default=0.0, help="from a row to its label (default 0)")
    parser.add_argument(
        "--prediction", default="", help="column with the answers of the past: nothing is trained, only triggers told"
    )
    parser.add_argument("--output", choices=("table", "json"), default="table", help="how to print (default table)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
