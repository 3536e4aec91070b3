from __future__ import annotations

import asyncio
import re

import httpx
import pytest
from starlette.applications import Starlette
from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.web.server.starlette.starlette_routes import create_media_routes

from gatehouse.uploads import safe_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("receipt.pdf", "receipt.pdf"),
        ("Rechnung Nr. 5 (März).pdf", "Rechnung Nr. 5 (März).pdf"),
        ("領収書.png", "領収書.png"),
        ("../../etc/passwd", "_._etc_passwd"),
        ("C:\\Windows\\a.dll", "C_Windows_a.dll"),
        ('a"; filename="evil.exe', "a_ filename_evil.exe"),
        ("a\r\nSet-Cookie: x=1.png", "a_Set-Cookie_ x_1.png"),
        ("invoice\u202efdp.exe", "invoice_fdp.exe"),
        ("\uff0e\uff0e\uff0fa.png", "_a.png"),
        (".htaccess", "htaccess"),
        ("-rf", "rf"),
        ("con.png", "_con.png"),
        ("LPT1", "_LPT1"),
        ("", "file"),
        ("...", "file"),
        ("\0", "_"),
    ],
)
def test_a_name_is_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_the_ending_is_the_kinds() -> None:
    assert safe_name("photo.JPEG", "jpg") == "photo.jpg"


@pytest.mark.parametrize("name", ["a" * 500 + ".png", "\U00020000" * 500 + ".png", "a." + "b" * 500, "\ud800" * 80])
def test_a_safe_name_fits_every_file_system(name: str) -> None:
    safe = safe_name(name)
    assert len(safe.encode()) <= 255
    assert re.fullmatch(r"[\w .()+-]+", safe)


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ('a"; filename="evil.exe', 'attachment; filename="a_ filename_evil.exe"'),
        ("M\xe4rz.pdf", "attachment; filename*=utf-8''M%C3%A4rz.pdf"),
    ],
)
def test_streamlit_sends_it_as_an_attachment(name: str, sent: str) -> None:
    storage = MemoryMediaFileStorage("/media")
    stored = storage.load_and_get_id(b"x", "application/pdf", MediaFileKind.DOWNLOADABLE, safe_name(name))
    transport = httpx.ASGITransport(Starlette(routes=create_media_routes(storage, "")))

    async def fetch() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return await client.get(storage.get_url(stored))

    assert asyncio.run(fetch()).headers["content-disposition"] == sent
