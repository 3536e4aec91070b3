"""A person signs in at Keycloak's form, and out again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import Browser, BrowserContext, Page, expect

from support import pages
from support.browser import new_context
from support.stack import Stack

if TYPE_CHECKING:
    from support.browser import Console


def test_strangers_are_sent_straight_to_the_identity_provider(page: Page, stack: Stack) -> None:
    page.goto(stack.app_url)
    expect(page).to_have_url(re.compile(rf"^{re.escape(stack.issuer)}/protocol/openid-connect/auth\?"))
    asked = page.url
    assert "code_challenge_method=S256" in asked
    assert "state=" in asked
    assert "nonce=" in asked


def test_wrong_password_is_refused_and_the_right_one_comes_in(page: Page, stack: Stack) -> None:
    page.goto(stack.app_url)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.get_by_label("Username or email").fill("sam")
    page.get_by_label("Password", exact=True).fill("not-the-password")
    page.get_by_role("button", name="Sign In").dblclick(no_wait_after=True)
    expect(page.get_by_text("Invalid username or password.")).to_be_visible()
    assert len(sent) == 1, "twice would count as two guesses"
    assert page.url.startswith(stack.id_url)
    # The address is no longer the form's: reloading asks for nothing to be sent again.
    assert "session_code" not in page.url
    page.reload()
    pages.submit_password(page, "sam", stack.demo_password("sam"))
    expect(page.get_by_role("heading", name="My requests")).to_be_visible()


def test_signed_in_person_sees_name_mail_and_own_rows(page: Page, stack: Stack, console: Console) -> None:
    pages.sign_in(page, stack.app_url, "sam", stack.demo_password("sam"))
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_text("Sam Okafor")).to_be_visible()
    expect(sidebar.get_by_text("sam@example.com")).to_be_visible()
    table = page.get_by_test_id("stDataFrame")
    expect(pages.cell(table, "USB security keys, ten")).to_have_count(1)
    # Of a colleague in another department.
    expect(pages.cell(table, "Search advertising")).to_have_count(0)
    # Code and state have left the address bar.
    assert page.url.rstrip("/") == stack.app_url
    assert console.errors == []


def test_page_takes_what_it_has_asked_for_early(page: Page, stack: Stack) -> None:
    pages.sign_in(page, stack.app_url, "sam", stack.demo_password("sam"))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(stack.app_url)))
    page.reload()
    expect(page.get_by_role("heading", name="My requests")).to_be_visible()
    # Twice if the early answer had not been the one that Streamlit's script would take.
    assert [asked.count(f"/_stcore/{name}") for name in ("health", "host-config")] == [1, 1]


def test_sign_out_ends_the_session_at_the_provider_too(page: Page, stack: Stack) -> None:
    pages.sign_in(page, stack.app_url, "sam", stack.demo_password("sam"))
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    assert page.url.startswith(f"{stack.app_url}/auth/signed-out")
    page.get_by_role("link", name="Sign in again").click()
    # Were the provider's session still alive, it would send the browser straight back.
    expect(page.get_by_label("Password", exact=True)).to_be_visible()


def test_deep_link_survives_the_sign_in(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.app_url}/?shown=all&name=a%20b")
    pages.submit_password(page, "sam", stack.demo_password("sam"))
    expect(page).to_have_url(re.compile(r"/\?shown=all&name=a(%20|\+)b$"))
    pages.settled(page)


def test_reload_keeps_the_session_and_another_browser_has_none(
    page: Page, context: BrowserContext, stack: Stack
) -> None:
    pages.sign_in(page, stack.app_url, "mia", stack.demo_password("mia"))
    page.reload()
    pages.settled(page)
    expect(page.get_by_test_id("stSidebar").get_by_text("mia@example.com")).to_be_visible()
    browser = context.browser
    assert browser is not None
    with browser.new_context() as stranger:
        other = stranger.new_page()
        other.goto(stack.app_url)
        expect(other.get_by_label("Password", exact=True)).to_be_visible()


def test_cookies_of_both_names_are_secure_and_of_one_origin(page: Page, context: BrowserContext, stack: Stack) -> None:
    pages.sign_in(page, stack.app_url, "sam", stack.demo_password("sam"))
    cookies = context.cookies([stack.app_url, stack.id_url])
    assert cookies
    for cookie in cookies:
        assert cookie["secure"], cookie["name"]
        assert cookie["domain"] in {"app.localhost", "id.localhost"}, cookie["name"]
    ours = {cookie["name"]: cookie for cookie in cookies if cookie["domain"] == "app.localhost"}
    assert set(ours) == {"__Host-gate", "__Host-replica", "_streamlit_xsrf"}
    assert all(ours[name]["httpOnly"] and ours[name]["sameSite"] == "Lax" for name in ("__Host-gate", "__Host-replica"))


def test_other_tabs_are_told_when_one_signs_out(page: Page, context: BrowserContext, stack: Stack) -> None:
    pages.sign_in(page, stack.app_url, "sam", stack.demo_password("sam"))
    other = context.new_page()
    pages.open_app(other, stack.app_url)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    expect(other.get_by_role("heading", name="You are signed out")).to_be_visible(timeout=20_000)
    assert "sam@example.com" not in other.content()


def test_tab_is_told_why_when_an_operator_ends_the_session(page: Page, stack: Stack) -> None:
    pages.sign_in(page, f"{stack.app_url}/?here=1", "finn", stack.demo_password("finn"))
    stack.exec("app", "python", "-m", "gatehouse.gate.sessions", "end-user", "finn@example.com")
    expect(page.get_by_role("heading", name="You were signed out")).to_be_visible()
    expect(page.get_by_text("The people who run this app closed your session.")).to_be_visible()
    page.get_by_role("link", name="Sign in again").click()
    # Asked for the password in any case: the provider's session is over, or is told to ask (prompt=login).
    expect(page.get_by_label("Password", exact=True)).to_be_visible()
    assert page.url.startswith(stack.id_url)


def test_another_tab_follows_a_sign_in(page: Page, context: BrowserContext, stack: Stack) -> None:
    other = context.new_page()
    other.goto(stack.app_url)
    page.goto(stack.app_url)
    pages.submit_password(page, "sam", stack.demo_password("sam"))
    pages.settled(page)
    pages.settled(other)


def test_a_tab_whose_attempt_another_took_the_place_of_begins_anew(
    page: Page, context: BrowserContext, stack: Stack
) -> None:
    """As when a browser restores two tabs at once: each begins an attempt, and the later cookie stays."""
    page.goto(stack.app_url)
    before = page.locator("body").get_attribute("data-attempt") or ""
    for name in ("AUTH_SESSION_ID", "KC_AUTH_SESSION_HASH", "KC_RESTART"):
        context.clear_cookies(name=name)
    other = context.new_page()
    other.goto(stack.app_url)
    expect(page.locator("body")).not_to_have_attribute("data-attempt", before)
    pages.submit_password(page, "sam", stack.demo_password("sam"))
    pages.settled(page)


def test_forms_need_no_script(browser: Browser, stack: Stack) -> None:
    context, _ = new_context(browser, java_script_enabled=False)
    page = context.new_page()
    page.goto(stack.app_url)
    pages.submit_password(page, "sam", "not-the-password")
    expect(page.get_by_text("Invalid username or password.")).to_be_visible()
    pages.submit_password(page, "sam", stack.demo_password("sam"))
    page.wait_for_url(f"{stack.app_url}/**")
    context.close()


def test_keycloak_can_still_answer_by_a_form(page: Page, stack: Stack) -> None:
    """Other clients of the realm may ask for it; its page sends itself, by the one script that the policy allows."""
    asked = "client_id=app&response_type=code&response_mode=form_post&scope=openid"
    asked += f"&redirect_uri={stack.app_url}/oauth2callback&code_challenge_method=S256&code_challenge={'a' * 43}"
    page.goto(f"{stack.issuer}/protocol/openid-connect/auth?{asked}")
    with page.expect_request(lambda request: request.method == "POST" and "/oauth2callback" in request.url):
        pages.submit_password(page, "sam", stack.demo_password("sam"))
