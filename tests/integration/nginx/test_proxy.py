"""What passes between a browser and an upstream: headers both ways, sizes, websockets."""

from __future__ import annotations

import json
import socket

import httpx
import pytest

from integration.nginx.front import Front

FORGED = {
    "X-Forwarded-For": "6.6.6.6",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "1",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-User": "admin",
    "X-Real-IP": "6.6.6.6",
    "X-Original-URL": "/admin",
    "X-Request-ID": "chosen",
    "X-Auth-Request-Email": "admin@example.com",
    "Forwarded": "for=6.6.6.6;host=evil.example",
    "Remote-User": "admin",
    "X_Forwarded_User": "admin",
    "Proxy": "http://evil.example",
}


@pytest.mark.parametrize("name", ["app", "id"])
def test_forged_headers_do_not_arrive(served: Front, name: str) -> None:
    seen = served.get(f"https://{name}.localhost:{served.port}/realms/any", headers=FORGED).json()
    arrived = dict(seen["headers"])
    for value in FORGED.values():
        assert value not in arrived.values(), arrived
    assert len(arrived) == len(seen["headers"]), "one of them came twice"
    assert arrived["host"] == f"{name}.localhost:{served.port}"
    assert arrived["x-forwarded-proto"] == "https"
    assert arrived["x-forwarded-host"] == f"{name}.localhost"
    assert arrived["x-forwarded-port"] == str(served.port)
    assert arrived["x-forwarded-for"] == arrived["x-real-ip"]


def test_request_id_is_one_for_browser_upstream_and_log(served: Front) -> None:
    response = served.get(f"{served.app_url}/traced")
    assert dict(response.json()["headers"])["x-request-id"] == response.headers["x-request-id"]
    assert served.entry("/traced")["request_id"] == response.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/_stcore/stream", "/route/of/the/author"])
def test_websocket_passes(served: Front, path: str) -> None:
    with served.websocket(path) as connection:
        seen = json.loads(connection.recv(5))
        assert seen["path"] == path
        assert dict(seen["headers"])["host"] == f"app.localhost:{served.port}"
        connection.send("hello")
        assert connection.recv(5) == "hello"


@pytest.mark.drill  # nginx would give up after a minute, by default
def test_a_tab_that_says_nothing_for_longer_than_a_minute_stays(served: Front) -> None:
    with served.websocket() as connection:
        connection.recv(5)
        with pytest.raises(TimeoutError):
            connection.recv(65)
        connection.send("still here")
        assert connection.recv(5) == "still here"


def test_no_other_protocol_is_negotiated(served: Front) -> None:
    headers = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAAQAAP__"}
    for url in (served.app_url, f"{served.id_url}/realms/any"):
        arrived = dict(served.get(url, headers=headers).json()["headers"])
        assert "upgrade" not in arrived
        assert "upgrade" not in arrived.get("connection", "")
    to_identity = {"Connection": "upgrade", "Upgrade": "websocket"}
    assert "upgrade" not in dict(served.get(f"{served.id_url}/realms/any", headers=to_identity).json()["headers"])


def test_large_cookies_pass_both_ways(served: Front) -> None:
    cookies = "; ".join(f"part-{number}={'x' * 4000}" for number in range(5))
    assert dict(served.get(served.app_url, headers={"Cookie": cookies}).json()["headers"])["cookie"] == cookies
    assert len(served.get(f"{served.app_url}/large").headers.get_list("set-cookie")) == 5
    assert len(served.get(f"{served.id_url}/realms/large").headers.get_list("set-cookie")) == 5


def test_cookies_of_the_app_are_secure(served: Front) -> None:
    for cookie in served.get(f"{served.app_url}/large").headers.get_list("set-cookie"):
        assert "; secure" in cookie.lower()


@pytest.mark.parametrize(
    ("path", "megabytes", "status"),
    [
        ("/_stcore/upload_file/session/file", 199, 200),
        ("/_stcore/upload_file/session/file", 202, 413),
        ("/route/of/the/author", 2, 413),
        ("/auth/backchannel-logout", 2, 413),
    ],
)
def test_size_limits(served: Front, path: str, megabytes: int, status: int) -> None:
    with served.client() as client:
        response = client.put(served.app_url + path, content=b"x" * (megabytes << 20), timeout=60)
    assert response.status_code == status
    if status == 200:
        assert response.json()["length"] == megabytes << 20


def test_answers_of_an_upstream_pass_as_they_are(served: Front) -> None:
    response = served.get(f"{served.app_url}/busy")
    assert response.status_code == 503
    assert response.json()["path"] == "/busy"
    assert response.headers.get_list("retry-after") == ["77"]


def test_malformed_request_gets_a_page_of_ours(served: Front) -> None:
    with socket.create_connection(("127.0.0.1", served.http_port), 5) as connection:
        connection.sendall(b"NONSENSE\r\n\r\n")
        answer = connection.makefile("rb").read().decode()
    assert "400 Bad Request" in answer
    assert "This request was refused" in answer


def test_trace_is_refused(served: Front) -> None:
    with served.client() as client:
        response: httpx.Response = client.request("TRACE", served.app_url)
    assert response.status_code == 405
