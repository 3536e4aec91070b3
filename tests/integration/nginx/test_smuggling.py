"""Request smuggling: whatever comes in, the app sees no request that nginx did not see, and none of another's."""

from __future__ import annotations

import json
import socket
import ssl
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from testcontainers.core.container import DockerContainer

from integration.nginx.front import Front, Secrets, front, upstream
from integration.nginx.smuggling import HIDDEN, frames, http1, http2
from support.waiting import until

SHORT = {"SLOW_HEADER": "1s", "SLOW_BODY": "1s", "SLOW_READ": "2s"}


@pytest.fixture(scope="module")
def between(run_folder: Path, project: str) -> Iterator[tuple[Front, DockerContainer]]:
    """nginx with little patience, and the app's server behind it, which tells each request that it sees."""
    with (
        front(Secrets(run_folder / "nginx-between"), project, **SHORT) as running,
        upstream(running, "app", 8501) as app,
    ):
        yield running, app


def says(running: Front, wire: bytes, protocol: str) -> bytes:
    """What comes back until nginx closes, or goes quiet."""
    context = running.tls
    context.set_alpn_protocols([protocol])
    found = b""
    with suppress(ConnectionError, ssl.SSLError, TimeoutError):
        plain = socket.create_connection(("127.0.0.1", running.port), 5)
        with context.wrap_socket(plain, server_hostname="app.localhost") as connection:
            connection.settimeout(2)
            connection.sendall(wire)
            while piece := connection.recv(65536):
                found += piece
    return found


def seen(app: DockerContainer) -> list[dict[str, Any]]:
    """Each request that the app's server saw. nginx looks after its replicas past itself, at /healthz."""
    lines = app.get_logs()[0].decode().splitlines()
    requests = [json.loads(line.removeprefix("SEEN ")) for line in lines if line.startswith("SEEN ")]
    return [request for request in requests if request["path"] != "/healthz"]


def check(running: Front, app: DockerContainer) -> tuple[int, int]:
    """Compare what both servers say; returns how many requests the app saw, and how many nginx answered by itself."""
    running.get(f"{running.app_url}/last")
    running.entry("/last")
    until(lambda: any(request["path"] == "/last" for request in seen(app)), 5)
    passed, ids = seen(app), Counter[str]()
    entries = {entry["request_id"]: entry for entry in running.logs()[0]}
    for request in passed:
        (request_id,) = [value for name, value in request["headers"] if name == "x-request-id"]
        ids[request_id] += 1
        assert request_id in entries, f"nginx knows nothing of {request}"
        entry = entries[request_id]
        assert (request["method"], request["path"]) == (entry["method"], entry["path"])
        names = Counter(name for name, _ in request["headers"])
        assert names["host"] == 1
        assert names["content-length"] + names["transfer-encoding"] <= 1
    assert set(ids.values()) == {1}
    return len(passed), len(entries) - len(passed)


def test_two_servers_never_disagree_on_where_a_request_ends(between: tuple[Front, DockerContainer]) -> None:
    running, app = between
    wires = [*((wire, "http/1.1") for wire in http1()), *((frames(*stream), "h2") for stream in http2())]
    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda wire: says(running, *wire), wires))
    assert sum(bool(answer) for answer in answers) > len(wires) / 2
    passed, refused = check(running, app)
    print(f"{len(wires)} payloads: the app saw {passed} requests, nginx refused {refused}; 0 desyncs")  # noqa: T201
    assert refused > len(wires) / 3


def test_the_comparison_would_notice(between: tuple[Front, DockerContainer]) -> None:
    """A request that reaches the app past nginx is what a desync looks like."""
    running, app = between
    knock = f"import socket; s = socket.create_connection(('127.0.0.1', 8501)); s.sendall({HIDDEN!r}); s.recv(9)"
    app.exec(["python", "-c", knock])
    with pytest.raises(AssertionError, match="nginx knows nothing of"):
        check(running, app)
