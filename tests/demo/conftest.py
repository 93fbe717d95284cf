"""The demonstration is plain files, not an installed package: put them where tests can import them."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
for folder in (HERE, HERE.parent / "cluster"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
