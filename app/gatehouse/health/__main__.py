"""The container's health check: `python -m gatehouse.health` exits with 0 when the app answers that it is well.

It asks over HTTP and imports nothing of the app, because the engine runs it every few seconds.
"""

from __future__ import annotations

import http.client
import sys


def main() -> None:
    """Ask, and exit with 0, or with 1 and what was answered."""
    # A little more than the route itself takes until it gives up on the database.
    connection = http.client.HTTPConnection("127.0.0.1", 8501, timeout=4)
    try:
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        answer = response.read(1000).decode(errors="replace")
    except OSError as error:
        sys.exit(f"no answer on port 8501: {error}")
    sys.exit(None if response.status == http.HTTPStatus.OK else answer)


if __name__ == "__main__":
    main()
