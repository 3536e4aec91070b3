"""`streamlit hello`, as its package brings it, behind the gate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from support.pages import settled

if TYPE_CHECKING:
    from support.abroad import Abroad
    from support.visit import Visit

_DOCKERFILE = """
FROM {image}
USER 0
RUN find /srv/app -mindepth 1 -delete && cp /opt/venv/lib/python3*/site-packages/streamlit/hello/*.py /srv/app/ \
    && printf '[content]\\nimg-src = ["https://fonts.gstatic.com"]\\n' > /srv/app/policy.toml
COPY --chown=0:0 providers.pem /srv/app/
USER 10001:10001
"""


pytestmark = pytest.mark.drill  # it takes two restarts of the app

# Streamlit takes a page's icon for the browser's tab from there, wherever it runs; without one it shows its own.
ICONS = "fonts.gstatic.com"


@pytest.fixture(scope="module", autouse=True)
def hello(abroad: Abroad) -> Iterator[None]:
    """Served in place of the probe."""
    with abroad.serving(_DOCKERFILE):
        yield


def test_hello_and_its_pages_are_served_unchanged(visit: Visit) -> None:
    page = visit.page
    visit.open("")
    expect(page.get_by_role("heading", name="Welcome to Streamlit!")).to_be_visible()
    menu = page.get_by_test_id("stSidebarNav")

    menu.get_by_role("link", name="Plotting demo").click()
    expect(page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first).to_be_visible()
    expect(page.get_by_role("button", name="Rerun")).to_be_visible()

    # Their figures are on a server outside, and the way out is closed: they say so themselves.
    for name in ("DataFrame demo", "Mapping demo"):
        menu.get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
        expect(page.get_by_test_id("stAlert")).to_contain_text("This demo requires internet access.")
        settled(page)
    visit.clean(ICONS)


def test_hellos_animation_is_drawn_while_it_runs(visit: Visit, abroad: Abroad) -> None:
    visit.page.goto(f"{abroad.stack.app_url}/animation_demo")
    picture = visit.page.get_by_test_id("stImage").locator("img")
    expect(picture).to_be_visible(timeout=30_000)
    first = picture.get_attribute("src")
    assert first
    expect(picture).not_to_have_attribute("src", first)
    visit.clean(ICONS)
