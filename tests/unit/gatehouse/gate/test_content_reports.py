"""What a browser tells of what it blocked: one line for each origin, whatever is sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from gatehouse.gate.content_reports import Reports
from gatehouse.gate.policy_content import Content

Post = Callable[..., int]


@pytest.fixture
def post() -> Post:
    reports = Reports(Content.model_validate({"img-src": ["https://a.example.com"]}))
    app = Starlette(routes=[Route("/", reports.take, methods=["POST"])])

    async def posted(body: bytes, kind: str) -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://app.localhost") as client:
            return (await client.post("/", content=body, headers={"Content-Type": kind})).status_code

    return lambda body, kind="application/csp-report": asyncio.run(posted(body, kind))


def tell(post: Post, report: Mapping[str, object]) -> int:
    return post(json.dumps({"csp-report": report}).encode())


def test_the_line_that_permits_it_is_told_once(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    for path in ("one", "two?token=secret"):
        told = {"effective-directive": "img-src", "blocked-uri": f"https://b.example.com/{path}"}
        assert tell(post, told) == 204
    (line,) = caplog.messages
    assert line.startswith(
        "blocked by the browser: https://b.example.com (img-src); to permit it, write in policy.toml"
    )
    assert line.endswith('under [content]: img-src = ["https://a.example.com", "https://b.example.com"]')


@pytest.mark.parametrize(
    ("directive", "uri", "words"),
    [
        ("script-src-elem", "inline", "inline-scripts = true"),
        ("script-src-elem", "https://c.example.com/x.js", 'script-src = ["https://c.example.com"]'),
        ("script-src", "eval", "nothing permits"),
        ("img-src", "http://c.example.com/x.png", "only https origins can be permitted"),
        ("connect-src", "wss://c.example.com/socket", 'connect-src = ["wss://c.example.com"]'),
        ("frame-src", "data", "only https origins"),
    ],
)
def test_the_remedy_fits(post: Post, caplog: pytest.LogCaptureFixture, directive: str, uri: str, words: str) -> None:
    assert tell(post, {"violated-directive": directive, "blocked-uri": uri}) == 204
    (line,) = caplog.messages
    assert words in line


@pytest.mark.parametrize(
    "report",
    [
        {},
        {"effective-directive": "img-src", "blocked-uri": "https://evil.example\nERROR forged"},
        {"effective-directive": "img-src", "blocked-uri": "https://evil.example:99999/"},
        {"effective-directive": "img-src\nERROR forged", "blocked-uri": "https://b.example.com"},
        {"effective-directive": ["img-src"], "blocked-uri": {"a": 1}},
        {"effective-directive": "base-uri", "blocked-uri": "https://b.example.com"},
    ],
)
def test_what_no_browser_says_is_not_logged(
    post: Post, caplog: pytest.LogCaptureFixture, report: Mapping[str, object]
) -> None:
    assert tell(post, report) == 204
    assert "forged" not in caplog.text
    assert "\n" not in "".join(caplog.messages)
    assert "99999" not in caplog.text


def test_the_log_is_bounded(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(300):
        tell(post, {"effective-directive": "img-src", "blocked-uri": f"https://n{number}.example.com/"})
    assert len(caplog.messages) == 100


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"x" * 17_000, "application/csp-report", 413),
        (b"{", "application/csp-report", 400),
        (b"[]", "application/csp-report", 400),
        (b"[" * 10_000, "application/csp-report", 400),
        (b'{"csp-report": 7}', "application/csp-report", 204),
        (b"{}", "text/plain", 415),
    ],
)
def test_what_is_no_report_is_refused(post: Post, body: bytes, kind: str, status: int) -> None:
    assert post(body, kind) == status
