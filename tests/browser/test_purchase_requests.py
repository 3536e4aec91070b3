"""The example app, used as its people do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from support import pages
from support.browser import new_context
from support.stack import Stack
from unit.gatehouse.uploads.making import picture

if TYPE_CHECKING:
    from support.browser import Console


OTHERS = {
    "approvals": "Approvals",
    "spending": "Spending",
    "ledger": "All requests",
    "audit": "Audit trail",
    "sessions": "Sessions",
}


@pytest.fixture
def signed_in(browser: Browser, stack: Stack) -> Iterator[Callable[[str, str], Page]]:
    """Sign somebody in, with a browser of their own, and open a page of the app."""
    with ExitStack() as contexts:

        def sign_in(user: str, path: str = "") -> Page:
            context, _ = new_context(browser)
            page = contexts.enter_context(context).new_page()
            pages.sign_in(page, stack.app_url, user, stack.demo_password(user))
            if path:
                pages.open_app(page, f"{stack.app_url}/{path}")
            return page

        yield sign_in


def file_request(page: Page, item: str, amount: str, reason: str) -> None:
    page.get_by_role("button", name="New request").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Item").fill(item)
    form.get_by_label("Amount in euros").fill(amount)
    form.get_by_label("Reason").fill(reason)
    form.get_by_role("button", name="File request").click()


def test_filed_request_is_there_after_a_reload(page: Page, stack: Stack, console: Console) -> None:
    # Read as Markdown or HTML, the name would lose its tags; read as SQL, it would end the statement.
    item = f"Cable <b>drum</b>'); -- {uuid4().hex[:8]}"
    pages.sign_in(page, stack.app_url, "sam", stack.demo_password("sam"))
    file_request(page, item, "129.90", "The old one is too short for the new desk.")
    expect(page.get_by_text("Your request is filed.")).to_be_visible()
    page.reload()
    pages.settled(page)
    expect(pages.cell(page.get_by_test_id("stDataFrame"), item)).to_have_count(1)
    assert console.errors == []


def test_wrong_fields_are_named_and_what_was_typed_stays(page: Page, stack: Stack) -> None:
    pages.sign_in(page, stack.app_url, "mia", stack.demo_password("mia"))
    file_request(page, "Posters", "-5", "Because.")
    form = page.get_by_role("dialog")
    expect(form.get_by_text("Give an amount such as 12.50")).to_be_visible()
    expect(form.get_by_text("Say what it is needed for")).to_be_visible()
    expect(form.get_by_label("Item")).to_have_value("Posters")
    expect(form.get_by_label("Reason")).to_have_value("Because.")


def test_approver_sees_the_department_and_approves(page: Page, browser: Browser, stack: Stack) -> None:
    item = f"Rack shelf {uuid4().hex[:8]}"
    with browser.new_context() as of_staff:
        tab = of_staff.new_page()
        pages.sign_in(tab, stack.app_url, "sam", stack.demo_password("sam"))
        file_request(tab, item, "75", "The rack has no room left for the switch.")
        expect(tab.get_by_text("Your request is filed.")).to_be_visible()

        pages.sign_in(page, stack.app_url, "priya", stack.demo_password("priya"))
        expect(page.get_by_role("heading", name="Approvals")).to_be_visible()
        # Engineering's, and not Marketing's.
        expect(page.get_by_text("Search advertising, third month")).to_have_count(0)
        page.get_by_test_id("stLayoutWrapper").filter(has_text=item).get_by_role("button", name="Decide").last.click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text(item)).to_be_visible()
        dialog.get_by_label("Comment").fill("Take the deep one.")
        dialog.get_by_role("button", name="Approve").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(pages.cell(page.get_by_test_id("stDataFrame"), item)).to_have_count(1)

        tab.reload()
        pages.settled(tab)
        table = tab.get_by_test_id("stDataFrame")
        expect(pages.row(table, item)).to_contain_text("Approved")
        expect(pages.row(table, item)).to_contain_text("Priya Nair")


def test_pages_of_other_roles_do_not_exist(page: Page, stack: Stack) -> None:
    pages.sign_in(page, stack.app_url, "sam", stack.demo_password("sam"))
    for path, heading in OTHERS.items():
        page.goto(f"{stack.app_url}/{path}")
        pages.settled(page)
        expect(page.get_by_role("heading", name=heading)).to_have_count(0)


def test_finance_sees_spending_as_charts(page: Page, stack: Stack, console: Console) -> None:
    pages.sign_in(page, stack.app_url, "finn", stack.demo_password("finn"))
    expect(page.get_by_role("heading", name="Spending")).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(2)
    for chart in page.get_by_test_id("stVegaLiteChart").all():
        expect(chart.locator("canvas, svg").first).to_be_visible()
    assert console.errors == []


def test_a_file_of_requests_is_imported_and_one_with_faults_is_not(
    signed_in: Callable[[str, str], Page],
) -> None:
    name = f"Pallet {uuid4().hex[:8]}"
    page = signed_in("mia", "imports")
    lines = "item,amount,reason\n" + "".join(
        f"{name} {number},10,Needed in the second half of the year\n" for number in range(1200)
    )
    upload = page.get_by_test_id("stFileUploader").locator("input[type=file]")
    wrong = lines.replace(",10,", ",ten,", 1)
    upload.set_input_files({"name": "wrong.csv", "mimeType": "text/csv", "buffer": wrong.encode()})
    expect(page.get_by_text("Nothing is filed yet.")).to_be_visible()
    expect(pages.row(page.get_by_test_id("stDataFrame"), "amount")).to_contain_text("2")
    upload.set_input_files({"name": "right.csv", "mimeType": "text/csv", "buffer": lines.encode()})
    page.get_by_role("button", name="File 1,200 requests").click()
    expect(page.get_by_text("These requests are filed.")).to_be_visible(timeout=30_000)

    page = signed_in("finn", "ledger")
    page.get_by_role("textbox", name="Search").fill(name)
    page.get_by_role("textbox", name="Search").press("Enter")
    expect(page.get_by_test_id("stMetric").first).to_contain_text("1,200")
    page.get_by_role("button", name="Export").click()
    page.get_by_role("dialog").get_by_text("CSV", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("dialog").get_by_role("button", name="Download requests.csv").click()
    exported = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert (download.value.suggested_filename, len(exported)) == ("requests.csv", 1201)


def test_a_receipt_is_kept_and_goes_out_as_it_came_in(signed_in: Callable[[str, str], Page], stack: Stack) -> None:
    content, name = picture("png"), f"offer {uuid4().hex[:8]}.png"
    page = signed_in("noor", "")
    item = f"Lamp <b>{uuid4().hex[:8]}</b>"
    file_request(page, item, "80", "It is dark in the corner by the door.")
    expect(page.get_by_text("Your request is filed.")).to_be_visible()
    pages.open_app(page, f"{stack.app_url}/receipts")
    expect(page.get_by_text(item, exact=True)).to_be_visible()
    upload = page.get_by_test_id("stFileUploader").locator("input[type=file]")
    upload.set_input_files({"name": name, "mimeType": "image/png", "buffer": content})
    expect(page.get_by_test_id("stFileUploader")).to_contain_text(name)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("The receipt is kept.")).to_be_visible()
    page.get_by_role("button", name="View").click()
    with page.expect_download() as download:
        page.get_by_role("dialog").get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == name
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")


def test_an_auditor_reads_who_did_what(signed_in: Callable[[str, str], Page]) -> None:
    page = signed_in("sam", "")
    file_request(page, f"Cable {uuid4().hex[:8]}", "12", "The old one is broken at the plug.")
    expect(page.get_by_text("Your request is filed.")).to_be_visible()
    trail = signed_in("audra", "audit").get_by_test_id("stDataFrame")
    expect(pages.row(trail, "Sam Okafor").first).to_contain_text("request.filed")


def test_an_admin_ends_a_session_whose_tab_says_so(signed_in: Callable[[str, str], Page]) -> None:
    of_mia = signed_in("mia", "")
    page = signed_in("ivan", "sessions")
    page.get_by_role("textbox", name="Search").fill("mia@example.com")
    page.get_by_role("textbox", name="Search").press("Enter")
    # There may be more of hers, from other tests: End all, if there is.
    expect(page.get_by_text("ivan@example.com").nth(1)).to_have_count(0)
    every = page.get_by_role("button", name="End all").or_(page.get_by_role("button", name="End", exact=True))
    every.first.click()
    of_mia.wait_for_url("**/auth/signed-out?reason=operator**", timeout=20_000)
    expect(page.get_by_text("Nobody like that is signed in.")).to_be_visible()
