from __future__ import annotations

import re

import pytest

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
