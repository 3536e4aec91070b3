"""The security headers, on whatever is answered."""

from __future__ import annotations

import re

import httpx
import pytest

from integration.nginx.front import Front
from support.command import ROOT

HSTS = "strict-transport-security"
APP = ["/", "/any", "/healthz", "/static/gone.js", "/careless", "/busy"]
IDENTITY = ["/", "/admin", "/realms/apps", "/realms/master", "/realms/x;y/", "/realms/policy", "/realms/careless"]


def once(response: httpx.Response, name: str) -> str:
    (value,) = response.headers.get_list(name)
    return value


@pytest.mark.parametrize("path", APP)
def test_headers_of_the_app(served: Front, path: str) -> None:
    response = served.get(served.app_url + path)
    assert once(response, "x-content-type-options") == "nosniff"
    assert once(response, "referrer-policy") == "same-origin"
    assert once(response, "x-frame-options") == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in once(response, "content-security-policy")
    assert once(response, "server") == "nginx"
    assert HSTS not in response.headers, "it would hold for whatever else runs under localhost"
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("path", IDENTITY)
def test_headers_of_the_identity_pages(served: Front, path: str) -> None:
    response = served.get(served.id_url + path)
    assert once(response, "x-content-type-options") == "nosniff"
    assert once(response, "referrer-policy") == "no-referrer"
    assert once(response, "server") == "nginx"
    assert HSTS not in response.headers


def test_policy_of_keycloak_is_kept(served: Front) -> None:
    response = served.get(f"{served.id_url}/realms/policy")
    assert once(response, "content-security-policy") == "object-src 'none'"
    assert once(response, "x-frame-options") == "SAMEORIGIN"


def test_own_pages_of_the_identity_name_allow_nothing(served: Front) -> None:
    response = served.get(f"{served.id_url}/admin")
    assert once(response, "content-security-policy").startswith("default-src 'none'")
    assert once(response, "x-frame-options") == "DENY"


def test_public_name_has_hsts_wherever_it_is_https(public: Front) -> None:
    # The app is away there, and its page is nginx's own.
    for url in (public.app_url, f"{public.app_url}/healthz", f"{public.id_url}/realms/careless", public.id_url):
        assert once(public.get(url), HSTS) == "max-age=63072000; includeSubDomains"
    plain = httpx.get(f"http://127.0.0.1:{public.http_port}/", headers={"Host": "app.gate.test"}, trust_env=False)
    assert HSTS not in plain.headers


def test_redirect_to_https_is_not_kept(served: Front) -> None:
    response = httpx.get(f"http://127.0.0.1:{served.http_port}/", trust_env=False)
    assert response.headers["cache-control"] == "no-cache"


def test_one_file_alone_adds_headers() -> None:
    """A level that adds one of its own loses all that it would inherit."""
    adding = [
        path.name
        for path in sorted((ROOT / "nginx").iterdir())
        if path.is_file() and re.search(r"^\s*(add_header|expires)\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert adding == ["headers.conf"]
