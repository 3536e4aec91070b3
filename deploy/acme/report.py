"""How it stands with the certificate, in one line: `python -m deploy.acme.report`. Exits 1 in an emergency.

The service's health check, and a line of `make status`.
"""

from __future__ import annotations

import sys
import time

from deploy.acme.places import STATE
from deploy.acme.state import load


def main() -> int:
    """Print the line; the exit code."""
    state, now = load(STATE), time.time()
    print(state.report(now))
    return int(state.emergency(now))


if __name__ == "__main__":
    sys.exit(main())
