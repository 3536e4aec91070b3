"""Choosing a provider, being refused, and coming back: what people see of the gate's own pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.abroad import Abroad
from support.browser import chromium, new_context
from support.command import run

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture
def page(abroad: Abroad, tmp_path: Path) -> Iterator[Page]:
    """A tab of a browser that trusts both authorities."""
    with chromium(tmp_path, abroad.stack.ca, abroad.providers.ca) as browser:
        yield new_context(browser)[0].new_page()


def test_stranger_chooses_by_keyboard_and_comes_to_the_page_they_asked_for(abroad: Abroad, page: Page) -> None:
    page.goto(f"{abroad.stack.app_url}/welcome")
    assert page.get_by_role("heading", level=1).inner_text() == "Sign in"
    assert [link.inner_text() for link in page.get_by_role("link").all()] == ["Google", "Microsoft"]
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText.trim()") == "Google"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    abroad.providers.fill_in(page, "ann")
    page.get_by_text("Welcome, Ann Microsoft!").wait_for()
    assert page.url == f"{abroad.stack.app_url}/welcome"


def test_refused_person_reads_who_they_are_and_may_switch(abroad: Abroad, page: Page) -> None:
    page.goto(abroad.stack.app_url)
    page.get_by_role("link", name="Microsoft").click()
    abroad.providers.fill_in(page, "eve")
    page.get_by_role("heading", name="This app is not open to you").wait_for()
    assert page.get_by_text("eve@company.com.example").is_visible()
    page.get_by_role("link", name="Use another account").click()
    page.get_by_role("link", name="Microsoft").click()
    abroad.providers.fill_in(page, "ann")
    page.get_by_text("Hello ann@company.com").wait_for()


# What an author may have written for Streamlit's own sign-in. Behind the gate whoever reads it is signed in already.
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("welcome", "Welcome, Ann Microsoft!"),
        ("choice", "Welcome, Ann Microsoft!"),
        ("careful", "Signed in as Ann Microsoft"),
        ("company", "Internal figures"),
    ],
)
def test_documented_snippet_runs_unchanged_behind_the_gate(abroad: Abroad, page: Page, name: str, shown: str) -> None:
    page.goto(f"{abroad.stack.app_url}/{name}")
    page.get_by_role("link", name="Microsoft").click()
    abroad.providers.fill_in(page, "ann")
    page.get_by_text(shown).wait_for()
    assert page.get_by_test_id("stException").count() == 0
    if name in {"welcome", "choice"}:
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url(re.compile(r"/auth/signed-out|/logout"))
        page.goto(f"{abroad.stack.app_url}/{name}")
        page.get_by_role("link", name="Microsoft").click()
        page.get_by_label("Username or email").wait_for()


def test_tab_that_wakes_up_after_an_ending_is_told(abroad: Abroad, page: Page) -> None:
    """A laptop that was closed: its websocket is gone, and the session ended meanwhile."""
    page.goto(abroad.stack.app_url)
    page.get_by_role("link", name="Microsoft").click()
    abroad.providers.fill_in(page, "ann")
    page.get_by_text("Hello ann@company.com").wait_for()
    containers = [container["Id"] for container in abroad.stack.containers("app")]
    run(["docker", "kill", *containers])
    subject = abroad.providers.user("microsoft", "ann")
    abroad.stack.job("app", "python", "-m", "gatehouse.gate.sessions", "end-user", subject)
    run(["docker", "start", *containers])
    page.get_by_role("heading", name="You were signed out").wait_for(timeout=60_000)
    assert "reason=operator" in page.url
