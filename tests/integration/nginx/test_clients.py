"""Who is taken for a client: the stack's own containers aren't counted, and only a trusted proxy speaks for others."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from testcontainers.core.network import Network

from integration.nginx.front import Front, Secrets, front, in_network, upstream

REALM = "/realms/apps/protocol/openid-connect/token"

# Asks often enough to be over the limit, from inside a container of the app's image.
ASKS = """
import http.client, ssl, sys
context = ssl._create_unverified_context()
context.check_hostname = False
found = []
for _ in range(12):
    connection = http.client.HTTPSConnection(sys.argv[1], int(sys.argv[2]), context=context, timeout=10)
    connection.request("POST", sys.argv[3], headers={"Host": sys.argv[1] + ":" + sys.argv[2]})
    found.append(connection.getresponse().status)
    connection.close()
print(found)
"""


@contextmanager
def answering(folder: Path, project: str, **settings: str) -> Iterator[Front]:
    with (
        front(Secrets(folder), project, **settings) as running,
        upstream(running, "app", 8501),
        upstream(running, "keycloak", 8080),
    ):
        yield running


def test_calls_of_the_stack_itself_are_not_counted(tmp_path: Path, project: str) -> None:
    with (
        Network(docker_network_kw={"internal": True}) as internal,
        answering(
            tmp_path / "nginx", project, LIMIT_TOKEN="5", TRUSTED_PROXIES="203.0.113.1", also_on=internal.name
        ) as running,
    ):
        ask = ["python", "-c", ASKS, "id.localhost", str(running.port), REALM]
        assert in_network(running, internal.name, *ask).strip() == str([200] * 12)
        # The same from a network that leads out, where anybody may be.
        outside = json.loads(in_network(running, running.network.name, *ask))
        assert outside.count(200) < 9
        assert outside[-1] == 429
        assert seen_address(running, headers="X-Forwarded-For: 6.6.6.6\r\n") != "6.6.6.6", "that is no trusted proxy"


def seen_address(running: Front, first: bytes = b"", headers: str = "") -> str:
    """The client's address as it reached the app and the log, which agree."""
    connection = socket.create_connection(("127.0.0.1", running.port), 5)
    connection.sendall(first)
    with running.tls.wrap_socket(connection, server_hostname="app.localhost") as tls:
        tls.sendall(f"GET /who HTTP/1.1\r\nHost: app.localhost\r\nConnection: close\r\n{headers}\r\n".encode())
        answer = tls.makefile("rb").read()
    arrived = dict(json.loads(answer[answer.index(b"{") : answer.rindex(b"}") + 1])["headers"])
    assert arrived["x-real-ip"] == arrived["x-forwarded-for"]
    assert "forwarded" not in arrived
    return str(arrived["x-real-ip"])


# Whatever network the engine takes for the test, the host is in one of these.
ANYWHERE = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16"


def test_trusted_proxy_says_who_its_client_is(tmp_path: Path, project: str) -> None:
    with answering(tmp_path / "nginx", project, TRUSTED_PROXIES=ANYWHERE, LIMIT_TOKEN="3") as running:
        assert seen_address(running, headers="X-Forwarded-For: 203.0.113.9\r\n") == "203.0.113.9"
        # What the client itself put there stands further left.
        forged = "X-Forwarded-For: 6.6.6.6, 203.0.113.9\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\n"
        assert seen_address(running, headers=forged) == "203.0.113.9"
        assert running.entry("/who")["client"] == "203.0.113.9"
        # Each is counted as itself, whichever address of their own 2^64 they use.
        url = f"{running.id_url}{REALM}"

        def asks(address: str) -> int:
            return running.get(url, headers={"X-Forwarded-For": address}).status_code

        assert [asks(f"2001:db8:0:1::{number}") for number in range(1, 6)][-1] == 429
        assert asks("2001:db8:0:2::1") == asks("203.0.113.9") == 200


def test_proxy_protocol(tmp_path: Path, project: str) -> None:
    settings = {"TRUSTED_PROXIES": ANYWHERE, "PROXY_PROTOCOL": "on", "LIMIT_TOKEN": "5"}
    with (
        Network(docker_network_kw={"internal": True}) as internal,
        front(Secrets(tmp_path / "nginx"), project, also_on=internal.name, **settings) as running,
        upstream(running, "app", 8501, awaited=False),
        upstream(running, "keycloak", 8080),
    ):
        first = f"PROXY TCP4 203.0.113.9 10.0.0.1 44444 {running.port}\r\n".encode()
        assert seen_address(running, first, "X-Forwarded-For: 6.6.6.6\r\n") == "203.0.113.9"
        with pytest.raises((ssl.SSLError, ConnectionError)):
            seen_address(running)
        # The stack's own containers come past the proxy.
        ask = ["python", "-c", ASKS, "id.localhost", str(running.port), REALM]
        assert in_network(running, internal.name, *ask).strip() == str([200] * 12)
        assert running.run("/etc/gatehouse/nginx/healthcheck.sh") == ""
