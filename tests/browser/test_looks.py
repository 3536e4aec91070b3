"""The example app's pages as its people see them: in light and dark, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from playwright.sync_api import Browser, Page, expect

from support import pages
from support.browser import new_context
from support.stack import Stack

if TYPE_CHECKING:
    from typing import Literal

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1280, "height": 900}}
# Who looks, the pages that are theirs, and the heading of each.
VISITS = [
    ("sam", {"": "My requests", "imports": "Import", "receipts": "Receipts"}),
    ("priya", {"": "Approvals"}),
    ("finn", {"": "Spending", "ledger": "All requests"}),
    ("audra", {"audit": "Audit trail"}),
    ("ivan", {"": "Sessions"}),
]

Look: TypeAlias = Callable[..., Page]


@pytest.fixture
def look(browser: Browser, stack: Stack) -> Iterator[Look]:
    """Sign somebody in, on a screen and in a colour scheme."""
    with ExitStack() as contexts:

        def sign_in(user: str, screen: dict[str, Any], scheme: Literal["light", "dark"]) -> Page:
            context, _ = new_context(browser, **screen, color_scheme=scheme)
            page = contexts.enter_context(context).new_page()
            pages.sign_in(page, stack.app_url, user, stack.demo_password(user))
            return page

        yield sign_in


def show(page: Page, stack: Stack, path: str, heading: str) -> None:
    """Open a page and wait until all of it is drawn."""
    pages.open_app(page, f"{stack.app_url}/{path}")
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    for chart in page.get_by_test_id("stVegaLiteChart").all():
        expect(chart.locator("canvas, svg").first).to_be_visible()
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


@pytest.mark.parametrize(("user", "paths"), VISITS)
def test_on_a_dark_phone_no_page_is_wider_than_the_screen(
    look: Look, stack: Stack, user: str, paths: dict[str, str]
) -> None:
    page = look(user, PHONE, "dark")
    for path, heading in paths.items():
        show(page, stack, path, heading)
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 390, path
        main = page.get_by_test_id("stMain")
        assert main.evaluate("element => element.scrollWidth <= element.clientWidth"), path
        background = page.get_by_test_id("stApp").evaluate("element => getComputedStyle(element).backgroundColor")
        assert background == "rgb(16, 22, 21)", "not the dark theme's"
