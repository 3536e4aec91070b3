"""An open tab whose app goes away: it says that the app comes back, and goes on when it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from support import pages

if TYPE_CHECKING:
    from support.stack import Stack


@pytest.mark.drill  # Streamlit's page tries six times before it says anything
def test_a_tab_says_that_the_app_comes_back_and_then_goes_on(page: Page, stack: Stack) -> None:
    pages.sign_in(page, stack.app_url, "sam", stack.demo_password("sam"))
    stack.compose("stop", "--timeout", "5", "app")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The app is coming back. This page", timeout=120_000)
    stack.compose("start", "app")
    expect(dialog).to_have_count(0, timeout=120_000)
    pages.settled(page)
    expect(page.get_by_role("heading", name="My requests")).to_be_visible()
