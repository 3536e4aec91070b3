"""The example app, used as staff, approvers and finance do."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from playwright.sync_api import Browser, Page, expect

from support import pages
from support.stack import Stack

if TYPE_CHECKING:
    from support.browser import Console


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
    expect(form.get_by_text("Give an amount above zero")).to_be_visible()
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
    for path in ("approvals", "spending"):
        page.goto(f"{stack.app_url}/{path}")
        pages.settled(page)
        expect(page.get_by_role("heading", name="Approvals")).to_have_count(0)
        expect(page.get_by_role("heading", name="Spending")).to_have_count(0)


def test_finance_sees_spending_as_charts(page: Page, stack: Stack, console: Console) -> None:
    pages.sign_in(page, stack.app_url, "finn", stack.demo_password("finn"))
    expect(page.get_by_role("heading", name="Spending")).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(2)
    for chart in page.get_by_test_id("stVegaLiteChart").all():
        expect(chart.locator("canvas, svg").first).to_be_visible()
    assert console.errors == []
