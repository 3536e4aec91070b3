"""A browser in which Ann has signed in to the stack `abroad`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from support.abroad import Abroad
from support.artifacts import folder_for
from support.browser import chromium, failed, keep, new_context
from support.visit import Visit

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext

    from support.browser import Console


@pytest.fixture(scope="module")
def browser(abroad: Abroad, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium that trusts both authorities."""
    from playwright.sync_api import expect  # noqa: PLC0415 (tests without a browser need none)

    expect.set_options(timeout=20_000)
    with chromium(tmp_path_factory.mktemp("home"), abroad.stack.ca, abroad.providers.ca) as started:
        yield started


@pytest.fixture(scope="module")
def signed_in(abroad: Abroad, browser: Browser) -> Iterator[tuple[BrowserContext, Console]]:
    """Ann, of the company, signed in."""
    context, console = new_context(browser)
    person = abroad.person()
    assert abroad.sign_in(person, "microsoft", "ann").is_success
    url = abroad.stack.app_url
    context.add_cookies(
        [
            {"name": cookie.name, "value": cookie.value or "", "url": url, "secure": True, "httpOnly": True}
            for cookie in person.http.cookies.jar
            if cookie.name.startswith("__Host-")
        ]
    )
    person.close()
    yield context, console
    context.close()


@pytest.fixture
def visit(
    abroad: Abroad,
    signed_in: tuple[BrowserContext, Console],
    run_folder: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Visit]:
    """A new tab of hers; if the test fails, what it shows is kept."""
    context, console = signed_in
    page = context.new_page()
    yield Visit(page, console, abroad.stack.app_url)
    if failed(request.node):
        keep(context, console, folder_for(run_folder / "artifacts", request.node.nodeid))
    page.close()
