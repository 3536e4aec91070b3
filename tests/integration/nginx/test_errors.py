"""What nginx answers by itself: a page in the product's look for people, JSON for programs, with the right status."""

from __future__ import annotations

import base64
import re
from hashlib import sha256

import httpx
import pytest

from integration.nginx.front import Front

PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def ask(front: Front, path: str, **headers: str) -> httpx.Response:
    content = b"x" * (2 << 20) if path == "/large" else None
    with front.client() as client:
        return client.request("POST" if content else "GET", front.app_url + path, headers=headers, content=content)


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [("/.env", 404, "Nothing here"), ("/static/gone.js", 404, "Nothing here"), ("/large", 413, "Too large")],
)
def test_a_person_gets_a_page(served: Front, path: str, status: int, title: str) -> None:
    response = ask(served, path, **PAGE)
    assert response.status_code == status
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert f"<h1>{title}</h1>" in response.text
    assert f"Request {response.headers['x-request-id']}" in response.text
    assert "<!--#" not in response.text
    assert "http-equiv" not in response.text
    assert "retry-after" not in response.headers


@pytest.mark.parametrize("url", ["{app}/.env", "{id}/admin"])
def test_a_page_needs_nothing_but_itself(served: Front, url: str) -> None:
    response = served.get(url.format(app=served.app_url, id=served.id_url), headers=PAGE)
    assert re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?([^\"')]+)", response.text) == ["data:,"]
    (style,) = re.findall(r"<style>(.*?)</style>", response.text, re.DOTALL)
    allowed = base64.b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{allowed}';" in response.headers["content-security-policy"]
    assert ".card {" in style, "it looks as the gate's pages do"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/.env", {"Accept": "application/json"}, 404),
        ("/_stcore/metrics", {"Accept": "*/*"}, 404),
        ("/large", {"Accept": "application/json"}, 413),
    ],
)
def test_a_program_gets_json(served: Front, path: str, headers: dict[str, str], status: int) -> None:
    response = ask(served, path, **headers)
    assert response.headers["content-type"] == "application/json"
    told = response.json()
    assert (told["status"], response.status_code) == (status, status)
    assert told["request_id"] == response.headers["x-request-id"]
    assert told["error"]
    assert told["message"]


@pytest.mark.parametrize("path", ["/_stcore/health", "/_stcore/host-config"])
def test_a_tab_that_lost_the_app_is_told_that_it_comes_back(public: Front, path: str) -> None:
    # Streamlit's page shows what JSON it gets, and asks again.
    response = public.get(public.app_url + path)
    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"
    assert response.json()["message"].startswith("The app is coming back.")


def test_the_query_is_in_no_answer(served: Front) -> None:
    for headers in (PAGE, {"Accept": "application/json"}):
        assert "hunter2" not in ask(served, "/.env?code=hunter2<script>", **headers).text
