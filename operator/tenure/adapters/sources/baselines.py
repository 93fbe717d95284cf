"""The baselines of versions: handed out by their pods, believed by their digest, and kept."""

import hashlib
from collections.abc import Sequence
from urllib.parse import quote

import aiohttp

from tenure.contract import baseline as contract
from tenure.contract.asking import ask
from tenure.contract.baseline import Baseline
from tenure.core.facts import Version
from tenure.core.spec import Model

MOST_BASELINE_BYTES = 16 * 1024 * 1024
MOST_BASELINES = 500


class Baselines:
    """Reads baselines; a baseline never changes, so each is read once."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._known: dict[str, Baseline] = {}
        """By digest."""

    async def read(self, model: Model, version: Version, addresses: Sequence[str]) -> tuple[Baseline | None, str]:
        """Return the version's baseline, or why there is none. A pod hands it out; its digest says it is the one."""
        wanted = version.result.baseline.digest if version.result and version.result.baseline else ""
        if not wanted:
            return None, f"{version.name} was built without a baseline, so its pods count nothing"
        known = self._known.get(wanted)
        if known is not None:
            return known, ""
        trouble = f"no pod of {version.name} answers its probe"
        for address in addresses:
            url = f"http://{address}/v2/models/{quote(model.name, safe='')}/baseline"
            answer = await ask(self._session, url, most_bytes=MOST_BASELINE_BYTES)
            if answer.trouble or answer.status != 200:
                trouble = answer.trouble or f"pod {address} answered {answer.status} instead of its baseline"
                continue
            if "sha256:" + hashlib.sha256(answer.content).hexdigest() != wanted:
                trouble = f"the baseline of pod {address} is not the one that {version.name} was built with"
                continue
            try:
                found = contract.loads(answer.content.decode())
            except (contract.NotABaselineError, UnicodeDecodeError) as wrong:
                return None, f"the baseline of {version.name} cannot be read: {str(wrong)[:200]}"
            while len(self._known) >= MOST_BASELINES:
                del self._known[next(iter(self._known))]
            self._known[wanted] = found
            return found, ""
        return None, trouble
