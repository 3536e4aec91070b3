"""What a person does in the browser to come in and go out, whatever the app."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

_CONNECTED = "[data-testid='stApp'][data-test-connection-state='CONNECTED'][data-test-script-state='notRunning']"


def settled(page: Page) -> None:
    """Wait until Streamlit's script has run to its end and the page shows it."""
    expect(page.locator(_CONNECTED)).to_be_visible(timeout=30_000)


def open_app(page: Page, url: str) -> None:
    """Open the app and wait until it is there."""
    page.goto(url)
    settled(page)


def submit_password(page: Page, user: str, password: str) -> None:
    """Fill in Keycloak's form and press its button."""
    page.get_by_label("Username or email").fill(user)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign In", exact=True).click()


def sign_in(page: Page, url: str, user: str, password: str) -> None:
    """From the app's address, which leads straight to the provider, to being signed in at `url`."""
    page.goto(url)
    submit_password(page, user, password)
    page.wait_for_url(f"{url.rstrip('/')}/**" if url.count("/") == 2 else url)
    settled(page)


def cell(table: Locator, text: str) -> Locator:
    """The cells of a data frame that hold `text`. It is drawn on a canvas; this is what a screen reader is given."""
    return table.locator("canvas td", has_text=text)


def row(table: Locator, text: str) -> Locator:
    """The row of a data frame in which a cell holds `text`."""
    return table.locator("canvas tr", has_text=text)
