"""Whatever arrives, the answer is a clear refusal: no 500, no traceback, no hang, and everybody else goes on."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from support.http import tls_context
from support.person import NAVIGATION, Person
from support.stack import Stack
from support.tab import Tab, tab


@pytest.fixture(scope="module")
def person(stack: Stack) -> Iterator[Person]:
    someone = Person(stack)
    someone.sign_in("noor")
    yield someone
    someone.close()


def raw(stack: Stack, request: bytes) -> bytes:
    """What these bytes are answered, up to the end of the connection or of ten seconds."""
    url = urlsplit(stack.app_url)
    context: ssl.SSLContext = tls_context(stack.ca)
    with (
        socket.create_connection(("127.0.0.1", url.port or 443), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=url.hostname) as connection,
    ):
        connection.sendall(request)
        answer = b""
        try:
            while chunk := connection.recv(65536):
                answer += chunk
        except (TimeoutError, ConnectionResetError, ssl.SSLError):
            pass
    return answer


def get(stack: Stack, path: bytes, *headers: bytes) -> bytes:
    host = urlsplit(stack.app_url).netloc.encode()
    return b"\r\n".join([b"GET " + path + b" HTTP/1.1", b"Host: " + host, b"Connection: close", *headers, b"", b""])


COOKIES = {
    "empty": b"__Host-gate=",
    "one byte": b"__Host-gate=x",
    "right length, wrong alphabet": b"__Host-gate=" + b"!" * 43,
    "right form": b"__Host-gate=" + b"A" * 43,
    "long": b"__Host-gate=" + b"A" * 7000,
    "many": b"; ".join(b"c%d=%d" % (number, number) for number in range(400)),
    "the same name twice": b"__Host-gate=" + b"A" * 43 + b"; __Host-gate=" + b"B" * 43,
    "bytes above 127": b"__Host-gate=" + bytes(range(128, 256)),
    "quotes and backslashes": b'__Host-gate="\\\\\\"; $Version=1; ;;=;=',
    "an attempt of nobody's": b"__Host-gate-attempt-000000000000=" + b"g" * 300,
}


@pytest.mark.parametrize("name", COOKIES)
@pytest.mark.parametrize("path", [b"/", b"/auth/login", b"/oauth2callback?state=x&code=y", b"/_stcore/host-config"])
def test_cookie_of_any_length_and_bytes(stack: Stack, path: bytes, name: str) -> None:
    answer = raw(stack, get(stack, path, b"Sec-Fetch-Mode: navigate", b"Cookie: " + COOKIES[name]))
    status = int(answer.split(b" ", 2)[1])
    assert 300 <= status < 500, answer[:200]
    assert b"Traceback" not in answer


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET / HTTP/1.1\r\nX-Long: " + b"x" * 100_000,
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1",
        b"GET / HTTP/1.1\r\n" + b"\r\n".join(b"X-%d: y" % number for number in range(5000)),
        b"GET / HTTP/1.1\r\nBroken\x00Header: y",
        b"GET / HTTP/9.9",
        b"\x00\x01\x02\x03",
        b"PRI * HTTP/2.0",
    ],
    ids=["long header", "long path", "many headers", "null byte", "version", "no HTTP", "preface"],
)
def test_request_that_is_none(stack: Stack, person: Person, request_line: bytes) -> None:
    host = urlsplit(stack.app_url).netloc.encode()
    answer = raw(stack, request_line + b"\r\nHost: " + host + b"\r\n\r\n")
    assert not answer or 400 <= int(answer.split(b" ", 2)[1]) < 500 or b"505" in answer[:20], answer[:200]
    assert person.is_in()


@pytest.mark.parametrize(
    "query",
    [
        "",
        "state=",
        "code=a&code=b&state=x",
        "state=a&state=b&code=c",
        "error=access_denied",
        "error=<script>alert(1)</script>&state=x",
        "code=%00&state=%00",
        "code=" + "x" * 6000 + "&state=x",
        "state=%F0%9F%92%A9&code=%ED%A0%80",
        "&&&===",
    ],
)
def test_callback_with_parameters_repeated_missing_or_strange(stack: Stack, query: str) -> None:
    with stack.http() as http:
        answer = http.get(f"{stack.app_url}/oauth2callback?{query}", headers=NAVIGATION)
    assert 400 <= answer.status_code < 500
    assert "<script>alert" not in answer.text
    assert not answer.headers.get_list("set-cookie")


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x00",
        b"\xff" * 100,
        b"\x08" * 1000,
        b"\x92\x01\xff\xff\xff\xff\x0f",
        "text",
        b"\x0a" + b"\xff" * 9 + b"\x7f",
    ],
)
def test_websocket_message_that_is_none(person: Person, frame: bytes | str) -> None:
    with tab(person) as opened, tab(person) as beside:
        opened.run()
        beside.run()
        opened.socket.send(frame)
        if not _goes_on(opened):
            with tab(person) as anew:
                anew.run()
        beside.run()


def _goes_on(opened: Tab) -> bool:
    try:
        opened.rerun()
    except ConnectionClosed:
        return False
    while (message := opened.next()) is not None:
        if message.WhichOneof("type") == "script_finished":
            return True
    return False


def test_frame_that_is_not_masked_closes_that_websocket_alone(stack: Stack, person: Person) -> None:
    """RFC 6455 §5.1: a client masks; what does not is no browser."""
    with tab(person) as opened:
        opened.run()
        opened.socket.socket.sendall(b"\x82\x05hello")
        while opened.next() is not None:
            pass
    assert person.is_in()
    assert person.asks("/_stcore/health").status_code == httpx.codes.OK
