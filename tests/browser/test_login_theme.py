"""Keycloak's pages look like the product, and everybody can use them: axe-core's rules, in both schemes, on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from support import pages
from support.accessible import judge
from support.browser import new_context
from support.stack import Stack

DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}
SCREENS: list[tuple[dict[str, Any], Literal["light", "dark"]]] = [(DESK, "light"), (DESK, "dark"), (PHONE, "dark")]


@pytest.fixture(params=SCREENS, ids=["desk light", "desk dark", "phone dark"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A tab on one of these screens."""
    screen, scheme = request.param
    context, console = new_context(browser, **screen, color_scheme=scheme)
    yield context.new_page()
    # Nothing comes from elsewhere, where no name resolves, and no script inside a page was refused.
    assert not [line for line in console.errors if "NAME_NOT_RESOLVED" in line or "Security Policy" in line]
    context.close()


def colour(page: Page, selector: str, what: str) -> str:
    """A colour as the browser has worked it out."""
    return str(page.locator(selector).first.evaluate(f"element => getComputedStyle(element).{what}"))


def test_form_and_a_wrong_password(page: Page, stack: Stack) -> None:
    page.goto(stack.app_url)
    expect(page.get_by_label("Username or email")).to_be_focused()
    expect(page.locator("header")).to_have_text("Gatehouse")
    judge(page)
    # The gate's own pages come before and after this one.
    assert colour(page, "#kc-login", "backgroundColor") == "rgb(15, 118, 110)"
    light = page.evaluate("matchMedia('(prefers-color-scheme: light)').matches")
    assert colour(page, "body", "backgroundColor") == ("rgb(241, 244, 243)" if light else "rgb(13, 18, 17)")
    pages.submit_password(page, "nobody", "wrong")
    expect(page.get_by_label("Username or email")).to_have_accessible_description("Invalid username or password.")
    judge(page)


def test_error(page: Page, stack: Stack) -> None:
    query = "client_id=app&response_type=code&redirect_uri=https://elsewhere.example/"
    with page.expect_response("**/auth?**") as answer:
        page.goto(f"{stack.issuer}/protocol/openid-connect/auth?{query}")
    assert answer.value.status == 400
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    judge(page)


def test_new_password(page: Page, stack: Stack) -> None:
    users = ["python", "-m", "deploy.keycloak.users"]
    stack.job("reconcile", *users, "add", "newt", "--email", "newt@example.com", "--name", "New Tester", check=False)
    said = stack.job("reconcile", *users, "reset", "newt").stdout
    page.goto(stack.app_url)
    pages.submit_password(page, "newt", said.split()[-1])
    expect(page.get_by_label("New Password", exact=True)).to_be_visible()
    judge(page)


def test_sign_out_and_what_follows(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.issuer}/protocol/openid-connect/logout")
    judge(page)
    page.get_by_role("button", name="Logout").click()
    expect(page.get_by_role("heading", name="You are logged out")).to_be_visible()
    judge(page)


def test_page_that_has_expired(page: Page, stack: Stack) -> None:
    page.goto(stack.app_url)
    tab = re.search(r"[?&]tab_id=[^&\"]+", page.locator("form").first.get_attribute("action") or "")
    assert tab
    page.goto(f"{stack.issuer}/login-actions/authenticate?client_id=app&execution={'0' * 36}&{tab[0][1:]}")
    expect(page.get_by_role("heading", name="Page has expired")).to_be_visible()
    judge(page)
    page.get_by_role("link").first.click()
    expect(page.get_by_label("Username or email")).to_be_focused()
