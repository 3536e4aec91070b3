"""Apps as Streamlit's documentation shows them (tests/apps/probe, with its pages/), unchanged behind the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect

from support.pages import settled
from support.waiting import until

if TYPE_CHECKING:
    from support.abroad import Abroad
    from support.visit import Visit

CSV = b"day,visits,sales\n" + b"".join(b"2026-01-%02d,%d,%d\n" % (day, day * 7 % 11, day * 3) for day in range(1, 20))


def test_an_app_with_a_folder_of_pages(visit: Visit) -> None:
    visit.open("")
    menu = visit.page.get_by_test_id("stSidebarNav")
    if (more := menu.get_by_text("View more")).is_visible():
        more.click()
    menu.get_by_role("link", name="form").click()
    expect(visit.page.get_by_text("Outside the form")).to_be_visible()
    menu.get_by_role("link", name="main").click()
    expect(visit.page.get_by_text("Hello ann@company.com")).to_be_visible()
    visit.clean()


def test_chat_elements(visit: Visit) -> None:
    visit.open("chat")
    for question in ("Good morning", "Good night"):
        visit.page.get_by_test_id("stChatInputTextArea").fill(question)
        visit.page.keyboard.press("Enter")
        expect(visit.page.get_by_text(f"You said: {question}")).to_be_visible()
    expect(visit.page.get_by_test_id("stChatMessage")).to_have_count(4)
    visit.clean()


def test_data_editor(visit: Visit) -> None:
    page = visit.page
    visit.open("editor")
    expect(page.get_by_text("Your favorite command is st.balloons")).to_be_visible()
    page.get_by_test_id("stDataFrame").first.locator("canvas").first.click(position={"x": 120, "y": 52}, force=True)
    page.wait_for_function("document.activeElement.dataset.testid === 'data-grid-canvas'")
    for key in ("ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.locator("#portal input").fill("5")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your favorite command is st.selectbox")).to_be_visible()
    visit.clean()


def test_file_uploader_charts_and_download(visit: Visit) -> None:
    page = visit.page
    visit.open("explorer")
    page.locator("input[type=file]").set_input_files({"name": "days.csv", "mimeType": "text/csv", "buffer": CSV})
    charts = page.get_by_test_id("stVegaLiteChart")
    expect(charts).to_have_count(5)
    for chart in charts.all():
        expect(chart.locator("canvas, svg").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    assert download.value.path().read_bytes().startswith(b",day,visits,sales")
    visit.clean()


def test_form(visit: Visit) -> None:
    page = visit.page
    visit.open("form")
    page.get_by_label("Name").fill("Ann")
    page.get_by_role("slider").press("ArrowRight")
    page.get_by_text("Form checkbox").click()
    expect(page.get_by_text("Ann: slider")).to_have_count(0)
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("Ann: slider 26, checkbox True")).to_be_visible()
    visit.clean()


def test_fragments(visit: Visit) -> None:
    page = visit.page
    visit.open("fragment")
    page.get_by_role("button", name="Rerun fragment").click()
    expect(page.get_by_text("Fragment says it ran 2 times.")).to_be_visible()
    expect(page.get_by_text("Full app says it ran 1 times.")).to_be_visible()
    expect(page.get_by_text("Ticking")).to_be_visible()
    visit.clean()


def test_dialog(visit: Visit) -> None:
    page = visit.page
    visit.open("dialog")
    page.get_by_role("button", name="A", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Because...").fill("it comes first")
    dialog.get_by_label("Because...").press("Enter")
    dialog.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("You voted for A because it comes first")).to_be_visible()
    visit.clean()


def test_text_layout_status_and_widgets(visit: Visit) -> None:
    page = visit.page
    visit.open("elements")
    expect(page.get_by_text("Download complete!")).to_be_visible()
    expect(page.locator(".katex").first).to_be_visible()
    expect(page.get_by_test_id("stGraphVizChart").locator("svg g.node").first).to_be_visible()
    # The drawing itself is in the page for a moment only; what stays is a picture of it.
    drawing = page.get_by_test_id("stMermaidChart").get_by_role("img")
    expect(drawing).to_be_visible()
    expect(drawing).to_have_js_property("complete", value=True)
    assert drawing.evaluate("it => it.naturalWidth") > 0
    page.get_by_role("tab", name="Dog").click()
    expect(page.get_by_text("A dog")).to_be_visible()
    page.get_by_role("button", name="Open popover").click()
    expect(page.get_by_text("Inside", exact=True)).to_be_visible()
    visit.clean()


def loaded(page: Page) -> list[bool]:
    """Of each picture, whether it was loaded and has a size."""
    return [bool(picture.evaluate("it => it.complete && it.naturalWidth")) for picture in page.locator("img").all()]


def test_media_static_files_and_components(visit: Visit) -> None:
    page = visit.page
    visit.open("media")
    expect(page.locator("img")).to_have_count(3)
    assert loaded(page) == [True] * 3
    page.wait_for_function("document.querySelector('audio').readyState > 0")
    expect(page.frame_locator("iframe").get_by_text("ran")).to_be_visible()
    page.get_by_role("button", name="Greet").click()
    expect(page.get_by_text("The component said hello")).to_be_visible()
    visit.clean()


def test_maps_ask_for_nothing_but_their_streets_outside(visit: Visit) -> None:
    with visit.page.expect_event("requestfailed", lambda request: "cartocdn.com" in request.url):
        visit.open("maps")
    expect(visit.page.locator("[data-testid=stDeckGlJsonChart] canvas").first).to_be_visible()
    # deck.gl's word for streets that did not come.
    assert [fault for fault in visit.faults() if "Failed to fetch" not in fault] == []
    assert visit.outside == {"basemaps.cartocdn.com"}


def test_session_state_and_caches(visit: Visit) -> None:
    visit.open("memory")
    expect(visit.page.get_by_text("Run 1 of this session; squares [0, 1, 4, 9]")).to_be_visible()
    visit.page.get_by_role("button", name="Again").click()
    expect(visit.page.get_by_text("Run 2 of this session; squares [0, 1, 4, 9]")).to_be_visible()
    visit.page.reload()
    settled(visit.page)
    expect(visit.page.get_by_text("Run 1 of this session")).to_be_visible()
    visit.clean()


def test_static_files_are_for_who_has_signed_in_and_run_nothing(visit: Visit, abroad: Abroad) -> None:
    assert abroad.person().asks("/app/static/picture.png").status_code == 401
    page = visit.page
    shown = page.goto(f"{abroad.stack.app_url}/app/static/page.html")
    assert shown
    assert shown.headers["content-type"].startswith("text/plain")
    assert "access-control-allow-origin" not in shown.headers
    assert page.title() != "active"
    drawing = page.goto(f"{abroad.stack.app_url}/app/static/drawing.svg")
    assert drawing
    assert drawing.headers["content-type"].startswith("image/svg+xml")
    assert page.evaluate("document.documentElement.id") != "active"


def test_what_no_policy_names_is_not_asked_and_the_log_says_what_permits_it(visit: Visit, abroad: Abroad) -> None:
    visit.open("outside")
    expect(visit.page.get_by_text("A picture from elsewhere")).to_be_visible()
    line = (
        'https://pictures.example.com (img-src); to permit it, write in policy.toml under [content]: img-src = ["https:'
    )
    until(lambda: line.replace('"', '\\"') in abroad.stack.logs("app"), 10)
    assert any("Content Security Policy" in fault for fault in visit.faults())
