"""The author's files as they leave the process: Streamlit's own route, and what is made of its answer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.web.server.starlette.starlette_routes import create_app_static_serving_routes

from gatehouse.gate.static_files import SANDBOX, TYPES, safe_headers
from support.command import ROOT

EVIL = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
ACTIVE = ("text/html", "application/xhtml+xml", "text/javascript", "application/javascript")


Get: TypeAlias = Callable[..., httpx.Response]


def safe(app: ASGIApp) -> ASGIApp:
    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        async def own(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = safe_headers(scope["path"], message["headers"])
            await send(message)

        await app(scope, receive, own)

    return served


@pytest.fixture
def get(tmp_path: Path) -> Get:
    (tmp_path / "static").mkdir()
    for name in (
        "a.html",
        "a.svg",
        "a.js",
        "a.png",
        "a.pdf",
        "a.txt",
        "a.xhtml",
        "a.unknown",
        "a",
        "a.SVG",
        "a.html.gz",
    ):
        (tmp_path / "static" / name).write_text(EVIL, encoding="utf-8")
    app = safe(Starlette(routes=create_app_static_serving_routes(str(tmp_path / "main.py"), None)))

    async def ask(path: str, headers: Mapping[str, str]) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
            return await client.get(path, headers=headers)

    return lambda path, **headers: asyncio.run(ask(path, headers))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.html", "text/plain; charset=utf-8"),
        ("a.xhtml", "text/plain; charset=utf-8"),
        ("a.js", "text/plain; charset=utf-8"),
        ("a.txt", "text/plain; charset=utf-8"),
        ("a.unknown", "text/plain; charset=utf-8"),
        ("a", "text/plain; charset=utf-8"),
        ("a.svg", "image/svg+xml"),
        ("a.SVG", "image/svg+xml"),
        ("a.png", "image/png"),
        ("a.pdf", "application/pdf"),
        ("a.html.gz", "application/gzip"),
        # Spellings that Streamlit resolves to the file, whose ending they hide.
        ("a.html/", "text/plain; charset=utf-8"),
        ("a.svg/", "text/plain; charset=utf-8"),
        ("a%2ehtml", "text/plain; charset=utf-8"),
        ("a.html/%2e", "text/plain; charset=utf-8"),
    ],
)
def test_a_file_is_what_its_name_says_and_no_page(get: Get, name: str, kind: str) -> None:
    answer = get(f"/app/static/{name}")
    assert (answer.status_code, answer.text) == (200, EVIL)
    assert answer.headers.get_list("content-type") == [kind]
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert "access-control-allow-origin" not in answer.headers
    policy = [] if kind == "application/pdf" else [SANDBOX]
    assert answer.headers.get_list("content-security-policy") == policy


def test_ranges_and_etags_stay(get: Get) -> None:
    whole = get("/app/static/a.svg")
    assert whole.headers["etag"]
    part = get("/app/static/a.svg", Range="bytes=1-3")
    assert (part.status_code, part.text, part.headers["content-type"]) == (206, EVIL[1:4], "image/svg+xml")
    parts = get("/app/static/a.html", Range="bytes=0-1,4-5")
    assert parts.headers["content-type"].startswith("multipart/byteranges; boundary=")
    assert "sandbox" in parts.headers["content-security-policy"]


def test_nothing_that_runs_is_in_the_table() -> None:
    assert not set(TYPES.values()) & set(ACTIVE)
    assert "script" not in SANDBOX
    assert "allow-" not in SANDBOX


def test_nginx_sends_the_public_ones_alike() -> None:
    text = (ROOT / "nginx/static_types.conf").read_text(encoding="utf-8")
    block = text.partition("types {")[2].partition("}")[0]
    listed = [line.strip(" ;").split() for line in block.strip().splitlines()]
    assert {ending: kind for kind, *endings in listed for ending in endings} == TYPES
    assert re.search(r"^default_type text/plain;$", text, re.MULTILINE)
    assert f'"{SANDBOX}"' in (ROOT / "nginx/headers.conf").read_text(encoding="utf-8")
