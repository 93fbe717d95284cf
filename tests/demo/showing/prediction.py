"""Ask a served model for a prediction by the Open Inference Protocol."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from localkube.console import Failed

# The first and the twentieth patient of the data set: a malignant and a benign tumour.
MALIGNANT = (
    *(17.99, 10.38, 122.8, 1001.0, 0.1184, 0.2776, 0.3001, 0.1471, 0.2419, 0.07871),
    *(1.095, 0.9053, 8.589, 153.4, 0.006399, 0.04904, 0.05373, 0.01587, 0.03003, 0.006193),
    *(25.38, 17.33, 184.6, 2019.0, 0.1622, 0.6656, 0.7119, 0.2654, 0.4601, 0.1189),
)
BENIGN = (
    *(13.54, 14.36, 87.46, 566.3, 0.09779, 0.08129, 0.06664, 0.04781, 0.1885, 0.05766),
    *(0.2699, 0.7886, 2.058, 23.56, 0.008462, 0.0146, 0.02387, 0.01315, 0.0198, 0.0023),
    *(15.11, 19.26, 99.7, 711.2, 0.144, 0.1773, 0.239, 0.1288, 0.2977, 0.07259),
)
CLASSES = {0: "malignant", 1: "benign"}


def render_request(rows: tuple[tuple[float, ...], ...]) -> dict[str, Any]:
    """Return the body that asks about these rows: one matrix of numbers."""
    values = [value for row in rows for value in row]
    return {"inputs": [{"name": "rows", "shape": [len(rows), len(rows[0])], "datatype": "FP64", "data": values}]}


def read_classes(answer: dict[str, Any]) -> list[str]:
    """Return what the model says about each row, in words."""
    return [CLASSES.get(int(value), f"class {value}") for value in answer["outputs"][0]["data"]]


def ask(address: str, model: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{address}/v2/models/{model}/infer",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    # No proxy: the address is this machine's.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as response:
            answer: dict[str, Any] = json.loads(response.read())
    except urllib.error.HTTPError as refused:
        raise Failed(f"the model server answered {refused.code}: {refused.read().decode(errors='replace')}") from None
    except OSError as broken:
        raise Failed(f"the model server did not answer: {broken}") from None
    return answer
