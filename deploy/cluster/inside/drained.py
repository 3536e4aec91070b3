"""Wait until a version of the app has no tab open any more: `python -m deploy.cluster.inside.drained NAME SECONDS`."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import sys
import time

_PORT = 8501


def tabs(name: str) -> int:
    """How many tabs the version's containers have open; those that do not answer have none."""
    open_tabs = 0
    try:
        addresses = {str(row[4][0]) for row in socket.getaddrinfo(name, _PORT, socket.AF_INET)}
    except OSError:
        return 0
    for address in addresses:
        connection = http.client.HTTPConnection(address, _PORT, timeout=4)
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            connection.request("GET", "/healthz")
            open_tabs += int(json.loads(connection.getresponse().read()).get("tabs", 0))
        connection.close()
    return open_tabs


def main() -> int:
    """Wait, at most so many seconds; then whoever is left was moved by the app itself."""
    name, deadline = sys.argv[1], time.monotonic() + float(sys.argv[2])
    seen = -1
    # Twice in a row: a tab between two connections is not one that is gone.
    quiet = 0
    while quiet < 2 and time.monotonic() < deadline:
        now = tabs(name)
        quiet = quiet + 1 if now == 0 else 0
        if now != seen:
            print(f"{now} tabs open", flush=True)
        seen = now
        time.sleep(1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
