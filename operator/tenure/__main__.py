"""Start the operator: `python -m tenure`."""

import asyncio
import sys

from tenure.logs import configure
from tenure.process import run
from tenure.settings import read_settings


def main() -> None:
    try:
        settings = read_settings()
        configure(settings.log_level, settings.log_format)
    except ValueError as wrong:
        sys.exit(f"tenure: {wrong}")
    asyncio.run(run(settings))


if __name__ == "__main__":
    main()
