"""The security headers, on whatever is answered."""

from __future__ import annotations

import re

import httpx
import pytest

from integration.nginx.front import Front
from support.command import ROOT

HSTS = "strict-transport-security"
CSP = "content-security-policy"
APP = ["/", "/any", "/healthz", "/static/gone.js", "/careless", "/busy", "/_stcore/upload_file/a/b", "/media/x"]
IDENTITY = ["/", "/admin", "/realms/apps", "/realms/master", "/realms/x;y/", "/realms/policy", "/realms/careless"]


def once(response: httpx.Response, name: str) -> str:
    (value,) = response.headers.get_list(name)
    return value


def assert_common(response: httpx.Response) -> None:
    assert once(response, "x-content-type-options") == "nosniff"
    assert once(response, "cross-origin-opener-policy") == "same-origin"
    assert once(response, "cross-origin-resource-policy") == "same-origin"
    assert "camera=" in once(response, "permissions-policy")
    assert "payment=()" in once(response, "permissions-policy")
    assert once(response, "server") == "nginx"
    assert once(response, CSP)
    assert once(response, "x-frame-options")
    assert HSTS not in response.headers, "it would hold for whatever else runs under localhost"
    assert "access-control-allow-origin" not in response.headers
    assert "x-powered-by" not in response.headers


@pytest.mark.parametrize("path", APP)
def test_headers_of_the_app(served: Front, path: str) -> None:
    response = served.get(served.app_url + path)
    assert_common(response)
    own = path in {"/healthz", "/static/gone.js"}
    assert once(response, "referrer-policy") == ("no-referrer" if own else "same-origin")
    assert once(response, "x-frame-options") == ("DENY" if own else "SAMEORIGIN")


@pytest.mark.parametrize("path", IDENTITY)
def test_headers_of_the_identity_pages(served: Front, path: str) -> None:
    response = served.get(served.id_url + path)
    assert_common(response)
    assert once(response, "referrer-policy") == "no-referrer"


@pytest.mark.parametrize("name", ["app", "id"])
def test_an_answer_without_a_policy_may_load_nothing(served: Front, name: str) -> None:
    policy = once(served.get(f"https://{name}.localhost:{served.port}/realms/any"), CSP)
    assert policy == "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize("name", ["app", "id"])
def test_the_policy_of_an_upstream_is_kept(served: Front, name: str) -> None:
    response = served.get(f"https://{name}.localhost:{served.port}/realms/policy")
    assert once(response, CSP) == "object-src 'none'"
    assert once(response, "x-frame-options") == "SAMEORIGIN"


def test_own_pages_allow_nothing_but_their_style(served: Front) -> None:
    for url in (f"{served.id_url}/admin", f"{served.app_url}/.git/config"):
        policy = once(served.get(url), CSP)
        assert re.fullmatch(
            r"default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'; "
            r"frame-ancestors 'none'",
            policy,
        )


def test_files_of_streamlit_may_load_nothing(served: Front) -> None:
    response = served.get(served.app_url + served.script())
    assert_common(response)
    assert once(response, CSP) == "default-src 'none'; frame-ancestors 'none'"


def test_headers_of_another_host_are_there_too(served: Front) -> None:
    assert_common(served.get(served.app_url, headers={"Host": "evil.example"}))


def test_public_name_has_hsts_wherever_it_is_https(public: Front) -> None:
    # The app is away there, and its page is nginx's own.
    for url in (public.app_url, f"{public.app_url}/healthz", f"{public.id_url}/realms/careless", public.id_url):
        assert once(public.get(url), HSTS) == "max-age=63072000; includeSubDomains"
    plain = httpx.get(f"http://127.0.0.1:{public.http_port}/", headers={"Host": "app.gate.test"}, trust_env=False)
    assert HSTS not in plain.headers


def test_redirect_to_https_is_not_kept(served: Front) -> None:
    response = httpx.get(f"http://127.0.0.1:{served.http_port}/", trust_env=False)
    assert response.headers["cache-control"] == "no-cache"


def test_two_files_alone_add_headers() -> None:
    """A level that adds one of its own loses all that it would inherit."""
    adding = [
        path.name
        for path in sorted((ROOT / "nginx").iterdir())
        if path.is_file() and re.search(r"^\s*(add_header|expires)\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert adding == ["headers.conf", "static_headers.conf"]
