"""Kubernetes quantities (`500m`, `2Gi`, `1e3`) as exact decimals.

Source: k8s.io/apimachinery/pkg/api/resource, the canonical form of a quantity.
"""

from decimal import Decimal, InvalidOperation

_SUFFIXES = {
    **{f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", start=1)},
    **{letter: Decimal(1000) ** power for power, letter in enumerate("kMGTPE", start=1)},
    "m": Decimal("0.001"),
    "u": Decimal("0.000001"),
    "n": Decimal("0.000000001"),
}


def parse_quantity(text: object) -> Decimal | None:
    """Return the quantity's value, or None when the text is no quantity."""
    plain = str(text).strip()
    for suffix in sorted(_SUFFIXES, key=len, reverse=True):
        if plain.endswith(suffix):
            number = _decimal(plain.removesuffix(suffix))
            return None if number is None else number * _SUFFIXES[suffix]
    return _decimal(plain)


def is_same_quantity(left: object, right: object) -> bool:
    """Whether two texts are the same quantity: the API server writes `1000m` back as `1`."""
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    first, second = parse_quantity(left), parse_quantity(right)
    return first is not None and first == second


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
