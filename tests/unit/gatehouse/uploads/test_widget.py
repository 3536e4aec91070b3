from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from unit.gatehouse.uploads.making import pdf, picture

SCRIPT = """
import streamlit as st
from gatehouse import uploads

receipt = uploads.uploader("Receipt", uploads.Pdf(), uploads.Image(max_mb=2), key="receipt", help="Photo or PDF")
if receipt:
    st.text(f"{receipt.name} {receipt.mime} {receipt.id}")
st.button("Again")
"""


@pytest.fixture
def page(place: Path) -> AppTest:
    return AppTest.from_string(SCRIPT).run()


def test_nothing_chosen_is_nothing_said(page: AppTest) -> None:
    assert not page.exception
    assert not page.error
    assert not page.text
    assert page.file_uploader[0].allowed_type == [".pdf", ".png", ".jpg", ".jpeg", ".webp"]


def test_a_good_file_arrives_checked(page: AppTest) -> None:
    page.file_uploader[0].set_value(("Café.png", picture("png"), "image/png")).run()
    assert not page.error
    assert page.text[0].value.startswith("Café.png image/png ")


def test_a_file_is_checked_once_and_keeps_its_id(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    page.file_uploader[0].set_value(("a.pdf", pdf(), "application/pdf")).run()
    first = page.text[0].value
    from gatehouse.uploads import widget  # noqa: PLC0415 -- patched below

    monkeypatch.setattr(widget, "check", lambda *_: pytest.fail("checked again"))
    page.button[0].click().run()
    assert not page.exception
    assert page.text[0].value == first


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.png", b"MZ\x90", "Windows program"),
        ("shell.php.png", picture("png"), "two endings"),
        ("a.png", picture("png") + b"\0" * 2_000_001, "up to 2 MB"),
    ],
)
def test_a_bad_file_is_refused_under_the_widget(page: AppTest, name: str, content: bytes, told: str) -> None:
    page.file_uploader[0].set_value((name, content, "image/png")).run()
    assert not page.exception
    assert told in page.error[0].value
    assert not page.text


def test_a_better_file_takes_the_place_of_a_bad_one(page: AppTest) -> None:
    page.file_uploader[0].set_value(("a.png", b"x", "image/png")).run()
    assert page.error
    page.file_uploader[0].set_value(("b.png", picture("png"), "image/png")).run()
    assert not page.error
    assert page.text[0].value.startswith("b.png")
