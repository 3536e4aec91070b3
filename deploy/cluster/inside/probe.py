"""Whether the nodes reach each other over the stack's networks: a task on each connects to all others.

usage: probe.py NAME COUNT   name of the service, and how many tasks it has
"""

from __future__ import annotations

import socket
import sys
import threading
import time

_PORT = 9999
_PATIENCE = 40.0  # seconds


def _listen() -> None:
    with socket.create_server(("", _PORT)) as server:
        while True:
            server.accept()[0].close()


def _reaches(address: str) -> bool:
    try:
        socket.create_connection((address, _PORT), timeout=2).close()
    except OSError:
        return False
    return True


def main() -> int:
    """Exit 0 once every task was reached, and stay long enough for the others to have reached this one."""
    name, count = sys.argv[1], int(sys.argv[2])
    threading.Thread(target=_listen, daemon=True).start()
    deadline = time.monotonic() + _PATIENCE
    found: set[str] = set()
    while time.monotonic() < deadline:
        try:
            found = {str(row[4][0]) for row in socket.getaddrinfo(f"tasks.{name}", _PORT, socket.AF_INET)}
        except OSError:
            found = set()
        if len(found) == count and all(_reaches(address) for address in found):
            time.sleep(5)
            return 0
        time.sleep(0.5)
    print(f"{sum(map(_reaches, found))} of {count} nodes answer here")
    return 1


if __name__ == "__main__":
    sys.exit(main())
