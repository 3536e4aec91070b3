"""Under which types files of static/ leave, by Streamlit's own route."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from streamlit.web.server.starlette.starlette_routes import create_app_static_serving_routes

from gatehouse.static_files import StaticTypes

ACTIVE = b"<script xmlns='http://www.w3.org/1999/xhtml'>alert(1)</script>"


def get(place: Path, name: str, **headers: str) -> httpx.Response:
    """Ask for a file of the author's folder."""
    folder = place / "app/static"
    folder.mkdir(exist_ok=True)
    if not (folder / name).exists():
        (folder / name).write_bytes(ACTIVE)
    routes = create_app_static_serving_routes(str(place / "app/main.py"), None)
    app = Starlette(routes=routes, middleware=[Middleware(StaticTypes)])

    async def request() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
            return await client.get(f"/app/static/{name}", headers=headers)

    return asyncio.run(request())


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("a.jpg", "image/jpeg"),
        ("a.PNG", "image/png"),
        ("a.gif", "image/gif"),
        ("a.webp", "image/webp"),
        ("a.pdf", "application/pdf"),
        ("a.json", "application/json"),
        ("a.woff2", "font/woff2"),
        ("a.css", "text/css; charset=utf-8"),
        ("a.mp4", "video/mp4"),
    ],
)
def test_media_have_their_types(place: Path, name: str, type_: str) -> None:
    answer = get(place, name)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == type_
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "name", ["a.html", "a.HTM", "a.xhtml", "a.js", "a.mjs", "a.xml", "a.xsl", "a.swf", "a.txt", "a.html.x", "a"]
)
def test_other_types_are_plain_text(place: Path, name: str) -> None:
    for answer in (get(place, name), get(place, name, Range="bytes=0-7")):
        assert answer.is_success
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_svg_is_a_picture_and_runs_nothing_when_it_is_opened(place: Path) -> None:
    answer = get(place, "a.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("sandbox")


def test_ranges_and_etags_work(place: Path) -> None:
    part = get(place, "a.pdf", Range="bytes=1-6")
    assert (part.status_code, part.content) == (206, b"script")
    assert part.headers["etag"] == get(place, "a.pdf").headers["etag"]
    several = get(place, "a.html", Range="bytes=0-1,4-5")
    assert several.headers["content-type"].startswith("multipart/byteranges")
