"""How many looks and windows the operator's rules judge in a second of one core: `python tests/bench/simulation.py`."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "operator"), str(ROOT / "tests")]


def main() -> None:
    """Replay a stream that never changes, with few and with many features."""
    from simulate.streams import a_policy, timed
    from tenure.simulate.history import make_history
    from tenure.simulate.learning import Trainer
    from tenure.simulate.replay import Options, simulate

    print("features   looks   looks/s   windows/s")
    for features in (3, 10, 30, 100):
        dice = np.random.default_rng(features)
        inputs = dice.normal(size=(60_000, features))
        label = (inputs[:, 0] + dice.normal(scale=0.5, size=len(inputs)) > 0).astype(int)
        frame = pd.DataFrame(inputs, columns=[f"x{number}" for number in range(features)]).assign(label=label)
        model = a_policy()
        history = make_history(model, timed(frame, 10), time="at")
        summary = simulate(model, history, Trainer(model), Options(first_rows=5000)).summary
        # Each look judges three: the whole, ten minutes, and an hour.
        speed = summary.looks_per_second
        print(f"{features:8} {summary.looks:7} {speed:9.0f} {3 * speed:11.0f}", flush=True)


if __name__ == "__main__":
    main()
