"""What a person sees of an upload that is not taken, through nginx, in Streamlit's own page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.abroad import Abroad
from support.browser import chromium, new_context

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

MEGABYTES = 30


@pytest.fixture(scope="module")
def narrow(abroad: Abroad) -> Iterator[Abroad]:
    """The same stack with little room for uploads."""
    with abroad.changed(MAX_UPLOAD_MB="40", MAX_HELD_MB="50", MAX_HELD_FILES="2"):
        yield abroad


@pytest.fixture
def context(narrow: Abroad, tmp_path: Path) -> Iterator[BrowserContext]:
    """A browser in which Ann is signed in."""
    with chromium(tmp_path, narrow.stack.ca, narrow.providers.ca) as browser:
        context, _ = new_context(browser)
        page = context.new_page()
        page.goto(narrow.stack.app_url)
        page.get_by_role("link", name="Microsoft").click()
        narrow.providers.fill_in(page, "ann")
        page.get_by_text("Hello ann@company.com").wait_for()
        yield context


@pytest.fixture
def large(tmp_path: Path) -> Path:
    file = tmp_path / "large.bin"
    file.write_bytes(b"x" * (MEGABYTES * 1024 * 1024))
    return file


@pytest.fixture
def small(tmp_path: Path) -> Path:
    file = tmp_path / "small.txt"
    file.write_text("data", encoding="utf-8")
    return file


def uploader(narrow: Abroad, context: BrowserContext) -> Page:
    """A tab with a widget for one file."""
    page = context.new_page()
    page.goto(f"{narrow.stack.app_url}/?show=upload")
    page.get_by_text("Got nothing").wait_for()
    return page


def upload(page: Page, file: Path) -> None:
    page.locator("input[type=file]").set_input_files(file)


def test_second_large_file_is_refused_in_words(narrow: Abroad, context: BrowserContext, large: Path) -> None:
    first, second = uploader(narrow, context), uploader(narrow, context)
    upload(first, large)
    first.get_by_text("Got large.bin").wait_for()
    upload(second, large)
    second.get_by_text("You may keep 50 MB of uploads at a time. Remove some and try again.").wait_for()
    assert second.get_by_text("status code 429").is_visible()
    first.get_by_test_id("stFileChipDeleteBtn").get_by_role("button").click()
    first.get_by_text("Got nothing").wait_for()


def test_one_file_more_than_allowed_is_refused_beside_the_widget(
    narrow: Abroad, context: BrowserContext, small: Path
) -> None:
    for _ in range(2):
        page = uploader(narrow, context)
        upload(page, small)
        page.get_by_text("Got small.txt").wait_for()
    third = uploader(narrow, context)
    upload(third, small)
    beside = third.get_by_test_id("stFileUploader")
    beside.get_by_text("You may keep 2 uploaded files at a time. Remove some and try again.").wait_for()
    assert third.get_by_text("Got nothing").is_visible()
