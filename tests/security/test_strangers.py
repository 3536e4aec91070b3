"""What answers somebody without a session: the ways in and out, their style sheet, and nothing of the app."""

from __future__ import annotations

import itertools
import socket
import ssl
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus

from support.http import tls_context
from support.person import NAVIGATION, Person
from support.stack import Stack
from support.tab import tab

# Every route of Streamlit 1.67 (web/server/starlette/starlette_app.py), and what the gate puts before them.
STREAMLIT = [
    "/",
    "/index.html",
    "/any/unknown/page",
    "/_stcore/health",
    "/_stcore/metrics",
    "/_stcore/host-config",
    "/_stcore/stream",
    "/_stcore/script-health-check",
    "/_stcore/upload_file/00000000-0000-0000-0000-000000000000/x",
    "/_stcore/bidi-components/any/file.js",
    "/_stcore/agent/interact",
    "/_stcore/agent/openapi.json",
    "/mcp",
    "/media/0123456789abcdef.png",
    "/component/any/index.html",
    "/app/static/file.txt",
    "/app/static/public/",
    "/app/static/public/../file.txt",
    "/manifest.json",
    "/favicon.png",
]
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"]
# Marks of Streamlit's own answers: its page, its host configuration, its health, its cookie.
MARKS = (b"<title>Streamlit", b"stApp", b"allowedOrigins", b"streamlit_xsrf", b"_streamlit", b"session_events")


@pytest.fixture(scope="module")
def address(stack: Stack) -> tuple[ssl.SSLContext, str, int]:
    url = urlsplit(stack.app_url)
    assert url.hostname
    assert url.port
    return tls_context(stack.ca), url.hostname, url.port


def raw(address: tuple[ssl.SSLContext, str, int], request: str) -> bytes:
    """Send bytes as they stand, past any client that would tidy them."""
    context, host, port = address
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname=host) as connection,
    ):
        connection.sendall(request.encode("latin-1"))
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def assert_nothing_of_the_app(answer: bytes, what: str) -> None:
    assert status(answer) in {301, 302, 400, 401, 403, 404, 405, 421, 505}, f"{what}: {answer[:200]!r}"
    assert not [mark for mark in MARKS if mark in answer], f"{what}: {answer[:400]!r}"


@pytest.mark.parametrize("method", METHODS)
def test_no_route_answers(address: tuple[ssl.SSLContext, str, int], stack: Stack, method: str) -> None:
    host = urlsplit(stack.app_url).netloc
    for path in STREAMLIT:
        for origin in ("", f"Origin: {stack.app_url}\r\n", "Origin: https://evil.example\r\n"):
            request = (
                f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{origin}Content-Length: 0\r\nConnection: close\r\n\r\n"
            )
            assert_nothing_of_the_app(raw(address, request), f"{method} {path} {origin.strip()}")


def disguises(path: str, host: str) -> list[str]:
    encoded = "".join(f"%{ord(c):02x}" if c.isalpha() else c for c in path)
    return [
        f"/{path}",
        f"/auth/login/..{path}",
        f"/auth/login/%2e%2e{path}",
        f"/auth/login/%2e%2e%2f{path.lstrip('/')}",
        f"/./{path.lstrip('/')}",
        f"/%2e{path}",
        f"{path}/",
        f"{path}%2f",
        f"{path}%00",
        f"{path};/auth/login",
        f"{path}?/auth/login",
        f"{path}#/auth/login",
        path.upper(),
        encoded,
        path.replace("/", "//"),
        path.replace("/", "/%5c"),
        path.replace("/", "\\"),
        f"https://{host}{path}",
        f"http://evil.example{path}",
        f"/auth/assets/..{path}",
        f"/auth/assets/%2e%2e{path}",
        f"/static/..{path}",
        f"/static/%2e%2e{path}",
    ]


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
@pytest.mark.parametrize(
    "path", ["/_stcore/health", "/_stcore/host-config", "/media/0123456789abcdef.png", "/index.html"]
)
def test_no_disguise_of_a_path_answers(
    address: tuple[ssl.SSLContext, str, int], stack: Stack, path: str, version: str
) -> None:
    host = urlsplit(stack.app_url).netloc
    for target in disguises(path, host):
        request = f"GET {target} {version}\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        assert_nothing_of_the_app(raw(address, request), f"{target} {version}")


def test_no_websocket_opens(stack: Stack) -> None:
    stranger = Person(stack)
    made_up = "__Host-gate=" + "A" * 43
    for origin, cookies in itertools.product(
        [stack.app_url, "https://evil.example", stack.id_url], ["", made_up, "_streamlit_user=x"]
    ):
        with pytest.raises(InvalidStatus) as refused, tab(stranger, origin=origin, cookies=cookies, token="x"):
            pass
        assert refused.value.response.status_code == 403


def test_a_person_is_led_to_the_sign_in_and_a_script_is_told(stack: Stack) -> None:
    with stack.http() as http:
        page = http.get(f"{stack.app_url}/a/page?x=1&y=%2F", headers=NAVIGATION)
        assert page.status_code == 302
        assert page.headers["location"] == "/auth/login?next=%2Fa%2Fpage%3Fx%3D1%26y%3D%252F"
        assert page.headers["cache-control"] == "no-store"
        assert http.get(f"{stack.app_url}/a/page", headers={"Sec-Fetch-Mode": "cors"}).status_code == 401


def test_looking_at_the_way_in_writes_no_row(stack: Stack) -> None:
    def rows() -> str:
        tables = ("session", "attempt", "event")
        return stack.sql(f"select {' + '.join(f'(select count(*) from gate.{table})' for table in tables)}")  # noqa: S608

    before = rows()
    stranger = Person(stack)
    for _ in range(5):
        stranger.open("/")
        stranger.http.get(f"{stack.app_url}/oauth2callback?code=x&state=y", headers=NAVIGATION)
        stranger.http.get(f"{stack.app_url}/auth/logout", headers=NAVIGATION)
    assert rows() == before


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/%5cevil.example",
        "javascript:alert(1)",
        "/auth/logout",
    ],
)
def test_after_the_sign_in_nobody_is_led_elsewhere(stack: Stack, place: str) -> None:
    person = Person(stack)
    form = person.follow(person.http.get(f"{stack.app_url}/auth/login", params={"next": place}, headers=NAVIGATION))
    back = person.submit(form, "finn")
    landed = person.http.get(back.headers["location"], headers=NAVIGATION)
    assert landed.status_code == 302
    assert landed.headers["location"] in {"/", "/%5cevil.example"}
