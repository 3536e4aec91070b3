"""Each limit: what is over it is refused, what is not goes on, and who shares an address isn't punished for it."""

from __future__ import annotations

import contextlib
import secrets
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from integration.nginx.front import Front, Secrets, front, upstream
from support.waiting import until

LIMIT = 5
AT_ONCE = 3
NARROW = {
    "LIMIT_SESSION": str(LIMIT),
    "LIMIT_SIGN_IN": str(LIMIT),
    "LIMIT_TOKEN": str(LIMIT),
    "LIMIT_UPLOAD": str(LIMIT),
    "LIMIT_HANDSHAKE": str(LIMIT),
    "MAX_SESSION_REQUESTS": str(AT_ONCE),
    "MAX_HEADER_KB": "8",
    "MAX_FORM_KB": "16",
}
REALM = "/realms/apps"


@pytest.fixture(scope="module")
def narrow(run_folder: Path, project: str) -> Iterator[Front]:
    """nginx with limits that a test soon reaches."""
    with (
        front(Secrets(run_folder / "nginx-narrow"), project, **NARROW) as running,
        upstream(running, "app", 8501),
        upstream(running, "keycloak", 8080),
    ):
        yield running


@pytest.fixture
def impatient(narrow: Front) -> Iterator[Front]:
    """The same, for slow clients alone: an honest one of a busy machine may wait for its turn as long."""
    names = ("SLOW_HEADER", "SLOW_BODY", "SLOW_READ")
    narrow.adjust(*(f"{name}=1s" for name in names))
    yield narrow
    narrow.adjust(*(f"{name}=10s" for name in names))


def cookie() -> dict[str, str]:
    """What a browser with a session sends."""
    return {"Cookie": f"other=1; __Host-gate={secrets.token_urlsafe(32)}; last=2"}


def statuses(front: Front, method: str, url: str, times: int, headers: dict[str, str] | None = None) -> list[int]:
    with front.client() as client:
        return [client.request(method, url, headers=headers or {}).status_code for _ in range(times)]


def over(answers: list[int]) -> None:
    """The first pass, one more than a whole minute's at most for the time that it took, and the rest is refused."""
    assert answers[: LIMIT + 1] == [200] * (LIMIT + 1)
    assert set(answers[LIMIT + 2 :]) == {429}


@pytest.mark.parametrize(
    ("name", "method", "path"),
    [
        ("app", "GET", "/auth/login?next=/"),
        ("app", "GET", "/oauth2callback?code=x"),
        ("id", "GET", f"{REALM}/protocol/openid-connect/auth?client_id=app"),
        ("id", "POST", f"{REALM}/login-actions/authenticate?execution=x"),
        ("id", "POST", f"{REALM}/protocol/openid-connect/token"),
    ],
)
def test_each_step_of_a_sign_in_and_the_token_endpoint_by_address(
    narrow: Front, name: str, method: str, path: str
) -> None:
    # A cookie that anybody can make up gets nobody round it.
    with narrow.client() as client:
        url = f"https://{name}.localhost:{narrow.port}{path}"
        over([client.request(method, url, headers=cookie()).status_code for _ in range(LIMIT + 4)])
        assert client.get(f"{narrow.app_url}/other", headers=cookie()).status_code == 200


@pytest.mark.parametrize("disguise", ["/auth//login", "/x/../auth/login", "/auth/log%69n"])
def test_a_disguised_path_is_counted_too(narrow: Front, disguise: str) -> None:
    statuses(narrow, "GET", f"{narrow.app_url}/auth/login", LIMIT + 2)
    assert narrow.get(narrow.app_url, target=disguise).status_code == 429


def test_uploads_by_session(narrow: Front) -> None:
    narrow.adjust("LIMIT_SESSION=1000")
    url = f"{narrow.app_url}/_stcore/upload_file/stream/file"
    try:
        over(statuses(narrow, "PUT", url, LIMIT + 4, cookie()))
        assert statuses(narrow, "PUT", url, LIMIT, cookie()) == [200] * LIMIT, "another session at the same address"
    finally:
        narrow.adjust(f"LIMIT_SESSION={LIMIT}")


def test_requests_by_session(narrow: Front) -> None:
    over(statuses(narrow, "GET", f"{narrow.app_url}/media/x", LIMIT + 4, cookie()))
    assert statuses(narrow, "GET", f"{narrow.app_url}/media/x", LIMIT, cookie()) == [200] * LIMIT


def handshake(front: Front, headers: dict[str, str]) -> int:
    try:
        with front.websocket(headers=headers):
            return 200
    except InvalidStatus as refused:
        return refused.response.status_code


def test_handshakes_by_session(narrow: Front) -> None:
    narrow.adjust("LIMIT_SESSION=1000", "MAX_SESSION_REQUESTS=100")
    try:
        ours = cookie()
        over([handshake(narrow, ours) for _ in range(LIMIT + 4)])
        assert handshake(narrow, cookie()) == 200
    finally:
        narrow.adjust(f"LIMIT_SESSION={LIMIT}", f"MAX_SESSION_REQUESTS={AT_ONCE}")


def test_open_websockets_of_a_session(narrow: Front) -> None:
    ours = cookie()
    with ExitStack() as opened:
        for _ in range(AT_ONCE):
            opened.enter_context(narrow.websocket(headers=ours))
        assert handshake(narrow, ours) == 429
        assert handshake(narrow, cookie()) == 200, "another session at the same address"


def test_uploads_at_once_by_address(narrow: Front) -> None:
    narrow.adjust("MAX_ADDRESS_UPLOADS=2")
    head = b"PUT /_stcore/upload_file/stream/file HTTP/1.1\r\n" + HEAD + b"Content-Length: 9\r\n"
    try:
        with ExitStack() as opened:
            for _ in range(2):
                half = opened.enter_context(raw(narrow))
                half.sendall(head + f"Cookie: {cookie()['Cookie']}\r\n\r\nhalf".encode())
            url = f"{narrow.app_url}/_stcore/upload_file/stream/file"
            until(lambda: statuses(narrow, "PUT", url, 1, cookie()) == [429], 1)
            with narrow.client() as client:
                # Not 413, although no page of nginx's own takes a body as large.
                assert client.put(url, headers=cookie(), content=b"x" * (1 << 20)).status_code == 429
    finally:
        narrow.adjust("MAX_ADDRESS_UPLOADS=128")


def test_made_up_sessions_are_counted_by_address_and_files_of_nginx_are_not(narrow: Front) -> None:
    narrow.adjust(f"LIMIT_ADDRESS={LIMIT}")
    try:
        with narrow.client() as client:
            answers = [client.get(f"{narrow.app_url}/", headers=cookie()).status_code for _ in range(LIMIT + 4)]
        assert answers[-2:] == [429, 429]
        assert statuses(narrow, "GET", f"{narrow.app_url}/static/gone.js", 2 * LIMIT) == [404] * 2 * LIMIT
    finally:
        narrow.adjust("LIMIT_ADDRESS=12000")


def test_an_office_of_two_hundred_behind_one_address_begins_its_day(served: Front) -> None:
    with httpx.Client(verify=served.tls, http1=True, trust_env=False, timeout=15) as client:

        def status(path: str, headers: dict[str, str]) -> int:
            url = f"https://127.0.0.1:{served.port}{path}"
            host = {"Host": f"app.localhost:{served.port}"}
            return client.get(url, headers=headers | host, extensions={"sni_hostname": "app.localhost"}).status_code

        steps = ("/", "/auth/login", "/oauth2callback", "/_stcore/health", "/_stcore/host-config")
        refused = [answer for _ in range(200) for path in steps if (answer := status(path, cookie())) != 200]
    assert refused == []


def raw(front: Front) -> ssl.SSLSocket:
    connection = socket.create_connection(("127.0.0.1", front.port), 5)
    return front.tls.wrap_socket(connection, server_hostname="app.localhost")


HEAD = b"Host: app.localhost\r\nConnection: close\r\n"


def rest(connection: ssl.SSLSocket) -> bytes:
    """All that still comes; a reset counts as an end."""
    found = b""
    try:
        while piece := connection.recv(65536):
            found += piece
    except (ConnectionError, ssl.SSLError):
        pass
    return found


@pytest.mark.parametrize(
    "header", [b"X-Long: " + b"x" * 9000, b"".join(b"X-%d: %s\r\n" % (n, b"x" * 7000) for n in range(6))]
)
def test_headers_are_bounded(narrow: Front, header: bytes) -> None:
    with raw(narrow) as connection:
        connection.sendall(b"GET /long HTTP/1.1\r\n" + HEAD + header.rstrip() + b"\r\n\r\n")
        assert rest(connection).startswith(b"HTTP/1.1 400 ")


def test_endless_headers_end(narrow: Front) -> None:
    with raw(narrow) as connection:
        connection.sendall(b"GET /endless HTTP/1.1\r\n" + HEAD)
        # Four lines of 8 KB, and nobody waits for the end.
        connection.sendall((b"X-More: " + b"x" * 1000 + b"\r\n") * 40)
        assert connection.recv(12) == b"HTTP/1.1 400"


@pytest.mark.parametrize("name", ["app", "id"])
def test_forms_are_bounded(narrow: Front, name: str) -> None:
    with narrow.client() as client:
        url = f"https://{name}.localhost:{narrow.port}{REALM}/form"
        assert client.post(url, content=b"x" * (15 << 10)).status_code == 200
        assert client.post(url, content=b"x" * (17 << 10)).status_code == 413


def test_slow_header_is_cut_off(impatient: Front) -> None:
    with raw(impatient) as connection:
        connection.sendall(b"GET /slow HTTP/1.1\r\n" + HEAD)
        began = time.monotonic()
        # Each byte in time, but never an end: it is the whole header that has to come in time.
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while time.monotonic() < began + 8:
                connection.sendall(b"x")
                time.sleep(0.2)
        assert time.monotonic() - began < 4


@pytest.mark.parametrize("path", ["/form", "/_stcore/upload_file/stream/file"])
def test_stalled_body_is_cut_off(impatient: Front, path: str) -> None:
    with raw(impatient) as connection:
        method = b"PUT" if "upload" in path else b"POST"
        connection.sendall(
            method + b" " + path.encode() + b" HTTP/1.1\r\n" + HEAD + b"Content-Length: 9000\r\n\r\nsome"
        )
        began = time.monotonic()
        assert rest(connection)[:12] in {b"HTTP/1.1 408", b""}
        assert time.monotonic() - began < 4


def test_stalled_reader_is_cut_off(impatient: Front) -> None:
    found = impatient.run("find", "/usr/share/gatehouse/streamlit-static/static/js", "-size", "+400k", "-name", "*.js")
    path = found.split()[0].removeprefix("/usr/share/gatehouse/streamlit-static")
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.connect(("127.0.0.1", impatient.port))
    with impatient.tls.wrap_socket(plain, server_hostname="app.localhost") as connection:
        # 50 MB: more than the sockets on the way can hold, of which two are the engine's own and grow to 5 MB each.
        connection.sendall((b"GET " + path.encode() + b" HTTP/1.1\r\nHost: app.localhost\r\n\r\n") * 128)
        size = len(connection.recv(4096))
        time.sleep(3)
        size += len(rest(connection))
    assert size < 128 * 400 << 10


@pytest.mark.parametrize("request_line", [b"GET / HTTP/1.0", b"GET /"])
def test_old_http_is_refused(narrow: Front, request_line: bytes) -> None:
    with raw(narrow) as connection:
        connection.sendall(request_line + b"\r\n" + (HEAD + b"\r\n" if b"HTTP" in request_line else b""))
        answer = rest(connection)
    assert answer.startswith(b"HTTP/1.1 505") or b"HTTP" not in request_line, "HTTP/0.9 has no status"
    assert b"host_name" not in answer, "it reached the app"


@pytest.mark.parametrize("method", ["PATCH", "TRACE", "CONNECT", "PROPFIND", "TRACK", "BREW", "get"])
@pytest.mark.parametrize("name", ["app", "id"])
def test_odd_methods_are_refused(narrow: Front, name: str, method: str) -> None:
    with raw(narrow) as connection:
        host = f"Host: {name}.localhost\r\nConnection: close\r\n\r\n"
        connection.sendall(f"{method} {REALM}/any HTTP/1.1\r\n{host}".encode())
        answer = rest(connection)
    assert answer[:12] in {b"HTTP/1.1 405", b"HTTP/1.1 400"}
    assert b"<center>" not in answer, "a page of our own"
