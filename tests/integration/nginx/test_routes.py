"""What is reachable from outside, from where it is answered, and what is not."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from integration.nginx.front import Front


@pytest.mark.parametrize("path", ["/", "/any/page", "/_stcore/health", "/app/static/logo.png", "/oauth2callback"])
def test_app_gets_its_requests_unchanged(served: Front, path: str) -> None:
    seen = served.get(f"{served.app_url}{path}?a=b%20c").json()
    assert (seen["path"], seen["query"]) == (path, "a=b%20c")


@pytest.mark.parametrize(
    "path",
    [
        "/healthz",
        "/healthz/",
        "/_stcore/metrics",
        "/_stcore/%6detrics",
        "/_stcore//metrics",
        "/any/../_stcore/metrics",
        "/any/..%2f_stcore/metrics",
        "/_stcore/script-health-check",
        "/_stcore/agent",
        "/_stcore/agent/openapi.json",
        "/.git/config",
        "/any/.env",
        "/.gatehouse/error.html",
    ],
)
def test_hidden_of_the_app(served: Front, path: str) -> None:
    assert served.get(served.app_url, target=path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/realms/apps/protocol/openid-connect/auth", "/resources/x/style.css", "/.well-known/any"]
)
def test_keycloak_gets_what_signing_in_needs(served: Front, path: str) -> None:
    seen = served.get(f"{served.id_url}{path}?redirect_uri=https%3A%2F%2Fx%2F..%2Fy").json()
    assert (seen["path"], seen["query"]) == (path, "redirect_uri=https%3A%2F%2Fx%2F..%2Fy")


@pytest.mark.parametrize(
    "path",
    [
        "/admin",
        "/admin/master/console/",
        "//admin/realms",
        "/%61dmin/realms",
        "/metrics",
        "/health/ready",
        "/js/keycloak.js",
        "/realms",
        "/realms/master",
        "/realms/Master/account",
        "/realms/%6daster/account",
        "/realms//master",
        "/realms/apps/../master",
        "/realms/apps/..%2fmaster",
        "/realms/apps/../../admin/realms",
        "/realms/apps/clients-registrations/openid-connect",
        "/realms/apps/account",
        "/realms/apps/account/?format=json",
        "/realms/apps/%61ccount/",
        "/.well-known/oauth-authorization-server/realms/master",
        # What a Java server may read otherwise than nginx does.
        "/realms/apps;x/../master",
        "/realms;x/master/account",
        "/realms/..;/admin/realms",
        "/realms/apps/%252e%252e/master",
        "/realms/x\\..\\master",
        "/realms/x%5c..%5cmaster",
    ],
)
def test_hidden_of_keycloak(served: Front, path: str) -> None:
    response = served.get(served.id_url, target=path)
    assert response.status_code in {400, 404}
    assert "host_name" not in response.text, "it reached Keycloak"


def test_root_of_the_identity_name_leads_to_the_app(served: Front) -> None:
    response = served.get(served.id_url)
    assert (response.status_code, response.headers["location"]) == (302, f"{served.app_url}/")


def test_files_of_streamlit_come_from_disk_for_good(served: Front) -> None:
    folder = "/usr/share/gatehouse/streamlit-static"
    found = served.run("find", f"{folder}/static", "-type", "f", "-not", "-name", "*.gz", "-not", "-name", "*.br")
    files = [Path(line) for line in found.split()]
    one_of_each_kind = {file.suffix: file.relative_to(folder) for file in files}
    assert one_of_each_kind.keys() >= {".js", ".css", ".woff2"}
    for path in one_of_each_kind.values():
        response = served.get(f"{served.app_url}/{path}")
        assert response.status_code == 200
        assert response.headers["content-type"] != "application/octet-stream", path
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "host_name" not in response.text


def test_scripts_of_streamlit_are_sent_compressed(served: Front) -> None:
    url = served.app_url + served.script()
    smaller = served.get(url, headers={"Accept-Encoding": "gzip, deflate, br, zstd"})
    small = served.get(url, headers={"Accept-Encoding": "gzip"})
    plain = served.get(url, headers={"Accept-Encoding": "identity"})
    assert [one.headers.get("content-encoding") for one in (smaller, small, plain)] == ["br", "gzip", None]
    assert {one.headers["content-type"] for one in (smaller, small, plain)} == {"text/javascript; charset=utf-8"}
    assert all("accept-encoding" in one.headers["vary"].lower() for one in (smaller, small, plain))
    assert small.content == plain.content
    sizes = [int(one.headers["content-length"]) for one in (smaller, small, plain)]
    assert 0 < sizes[0] < sizes[1] < sizes[2] / 2


@pytest.mark.parametrize(
    "path", ["/static/js/gone.js", "/static/", "/static/js", "/static/../index.html", "/static/%2e%2e/x"]
)
def test_a_file_that_is_not_there_is_not_kept(served: Front, path: str) -> None:
    response = served.get(served.app_url, target=path)
    assert "immutable" not in response.headers.get("cache-control", "")
    if path.startswith("/static/js"):
        assert response.status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "localhost", "127.0.0.1", "_", "app.localhost.evil.example"])
def test_foreign_host_in_a_known_connection_is_refused(served: Front, host: str) -> None:
    response = served.get(served.app_url, headers={"Host": host})
    assert response.status_code == 421
    assert "host_name" not in response.text


@pytest.mark.parametrize(
    ("host", "name"), [("app.localhost", "app"), ("id.localhost", "id"), ("evil.example", "app"), ("localhost", "app")]
)
def test_plain_http_leads_to_the_configured_name(served: Front, host: str, name: str) -> None:
    response = httpx.get(f"http://127.0.0.1:{served.http_port}/any?a=b", headers={"Host": host}, trust_env=False)
    assert response.status_code == 301
    assert response.headers["location"] == f"https://{name}.localhost:{served.port}/any?a=b"


def test_plain_http_takes_no_content(served: Front) -> None:
    response = httpx.post(f"http://127.0.0.1:{served.http_port}/login", data={"password": "x"}, trust_env=False)
    assert response.status_code == 405
    assert "location" not in response.headers


def test_plain_http_on_the_https_port_leads_to_https(served: Front) -> None:
    url = f"http://127.0.0.1:{served.port}/any"
    response = httpx.get(url, headers={"Host": f"app.localhost:{served.port}"}, trust_env=False)
    assert (response.status_code, response.headers["location"]) == (301, f"{served.app_url}/any")
    assert httpx.get(url, headers={"Host": "evil.example"}, trust_env=False).status_code == 400
