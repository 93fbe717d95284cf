"""The join: which pod gets which label. Pure but for the pods, which are asked one after the other."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tenure.contract.truth import Joined
from tenure.runtime.join.pods import Counted, KeptThere, Pods, SilentError

AT_ONCE = 2000
"""Labels told in one request."""

Say = Callable[[str], None]


def join(
    labels: Mapping[str, Any], by_version: Mapping[str, Sequence[str]], delay_seconds: float, pods: Pods, say: Say
) -> Joined:
    """Tell every label to the pod that keeps its prediction, once for each version.

    A key that any pod of a version has counted is settled there, also when a client told the label itself; a key that
    several pods keep (a request that was sent again) goes to the first alone. Predictions younger than delaySeconds
    stay as they are. What no pod keeps any more is not covered.
    """
    joined: set[str] = set()
    new, wrong, lag, waiting, refused, silent = 0, 0, 0.0, 0, 0, 0
    for version, addresses in by_version.items():
        every, lost = _read(addresses, pods, say)
        silent += lost
        settled = {key for kept in every for key in kept.labelled}
        due: dict[str, tuple[KeptThere, float]] = {}
        for kept in every:
            for key, at in kept.waiting:
                if kept.now - at >= delay_seconds and key not in settled:
                    due.setdefault(key, (kept, at))
        joined |= settled & labels.keys()
        for kept in every:
            mine = sorted((at, key) for key, (where, at) in due.items() if where is kept and key in labels)
            told = [(key, label) for _, key in mine if (label := _fitting(labels[key], kept.classes)) is not None]
            refused += len(mine) - len(told)
            for start in range(0, len(told), AT_ONCE):
                part = told[start : start + AT_ONCE]
                try:
                    counted = pods.tell(kept.address, part)
                except SilentError as broken:
                    say(str(broken))
                    silent += 1
                    break
                new, wrong, lag = _added((new, wrong, lag), counted)
                joined |= {key for key, _ in part}
        waiting += sum(key not in joined for key in due)
        say(f"version {version}: {len(every)} of {len(addresses)} pods answered")
    # Two versions may have answered one request (a mirrored one); the label is joined once for each.
    return Joined(
        labelled=len(labels),
        joined=len(joined),
        new=min(new, len(joined)),
        wrong=min(wrong, new, len(joined)),
        lag_seconds=round(lag / new, 3) if new else None,
        waiting=waiting,
        refused=refused,
        silent=silent,
    )


def _read(addresses: Sequence[str], pods: Pods, say: Say) -> tuple[list[KeptThere], int]:
    found, silent = [], 0
    for address in addresses:
        try:
            found.append(pods.read(address))
        except SilentError as broken:
            say(str(broken))
            silent += 1
    return found, silent


def _fitting(label: Any, classes: Sequence[Any]) -> Any:
    """The label as the model's class, or as a number when it has none; None when it is neither."""
    if not classes:
        return _number(label)
    for name in classes:
        if str(name) == str(label):
            return name
    number = _number(label)
    matching = (name for name in classes if number is not None and _number(name) == number)
    return next(matching, None)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if number - number == 0 else None


def _added(sums: tuple[int, int, float], counted: Counted) -> tuple[int, int, float]:
    return sums[0] + counted.accepted, sums[1] + counted.wrong, sums[2] + counted.lag_seconds
