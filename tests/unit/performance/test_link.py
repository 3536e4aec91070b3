"""The slow link of the first page is as slow as it says."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from performance.link import slow_link
from support.ports import free_port

ROUND_TRIP = 0.06
SIZE = 100_000


@pytest.fixture
def server() -> Iterator[tuple[str, int]]:
    """Answers each byte with SIZE of them, and then lets go."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    if connection.recv(1):
                        connection.sendall(b"x" * SIZE)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield listening.getsockname()
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_bytes_take_their_round_trips_and_their_bandwidth(server: tuple[str, int]) -> None:
    here = ("127.0.0.2", free_port())
    with slow_link(here, server, rate=8e6, round_trip=ROUND_TRIP) as link:
        start = time.monotonic()
        with socket.create_connection(here) as connection:
            connection.sendall(b"x")
            first = time.monotonic() if connection.recv(1, socket.MSG_PEEK) else start
            got = sum(iter(lambda: len(connection.recv(65536)), 0))
        took = time.monotonic() - start
        assert link.down == got == SIZE
    # The handshake and the question are a round trip each; a busy machine may add to it, and nothing can take from it.
    assert first - start >= 2 * ROUND_TRIP
    assert took >= 2 * ROUND_TRIP + SIZE * 8 / 8e6
