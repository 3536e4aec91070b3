"""The pictures in docs/images, taken anew: `make drill T=tests/browser/test_pictures.py`."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from playwright.sync_api import expect

from browser.test_looks import DESK, PHONE, Look, look, show
from browser.test_purchase_requests import file_request
from support.command import ROOT
from support.stack import Stack
from unit.gatehouse.uploads.making import picture

pytestmark = pytest.mark.drill

__all__ = ["look"]

FOLDER = ROOT / "docs" / "images"
_done: list[str] = []


@pytest.fixture
def a_days_work(look: Look, stack: Stack) -> None:
    """Something for the audit trail and among the receipts, once."""
    if _done:
        return
    page = look("sam", DESK, "light")
    file_request(page, "Whiteboard for room 3", "189", "The old one cannot be wiped clean any more")
    expect(page.get_by_text("Your request is filed.")).to_be_visible()
    show(page, stack, "receipts", "Receipts")
    for name in ("Offer Kessler.png", "Offer Brandt.png"):
        upload = page.get_by_test_id("stFileUploader").locator("input[type=file]")
        upload.set_input_files({"name": name, "mimeType": "image/png", "buffer": picture("png", (900, 600))})
        expect(page.get_by_test_id("stFileUploader")).to_contain_text(name)
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("button", name="View")).to_have_count(1 if "Kessler" in name else 2)
    page = look("priya", DESK, "light")
    page.get_by_role("button", name="Decide").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page = look("finn", DESK, "light")
    show(page, stack, "ledger", "All requests")
    page.get_by_role("button", name="Export").click()
    page.get_by_role("dialog").get_by_text("Excel", exact=True).click()
    expect(page.get_by_role("button", name="Download requests.xlsx")).to_be_visible()
    _done.append("work")


@pytest.mark.parametrize(
    ("name", "user", "path", "heading", "screen", "scheme"),
    [
        ("desk", "sam", "", "My requests", DESK, "light"),
        ("desk-spending-dark", "finn", "", "Spending", DESK, "dark"),
        ("desk-ledger", "audra", "ledger", "All requests", DESK, "light"),
        ("desk-audit-dark", "audra", "audit", "Audit trail", DESK, "dark"),
        ("desk-sessions", "ivan", "", "Sessions", DESK, "light"),
        ("desk-approvals-phone", "priya", "", "Approvals", PHONE, "light"),
        ("desk-receipts-phone-dark", "sam", "receipts", "Receipts", PHONE, "dark"),
    ],
)
@pytest.mark.usefixtures("a_days_work")
def test_picture(  # noqa: PLR0913, PLR0917 -- a table of pictures
    look: Look,
    stack: Stack,
    name: str,
    user: str,
    path: str,
    heading: str,
    screen: dict[str, Any],
    scheme: Literal["light", "dark"],
) -> None:
    page = look(user, screen, scheme)
    show(page, stack, path, heading)
    page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")
