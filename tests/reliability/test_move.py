"""Another DOMAIN and PORT, and `up` again: certificate, realm, redirect URIs and app have moved."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from support import pages
from support.browser import chromium
from support.stack import Stack

pytestmark = pytest.mark.drill

NEW_PASSWORD = "a-passphrase-of-anns-own-7"


# The name is the usual one, so that pages and artifacts of this module come from this browser: it trusts the new CA.
@pytest.fixture(scope="module")
def browser(browser_home: Path, moved: Stack) -> Iterator[Browser]:
    with chromium(browser_home, moved.ca) as started:
        yield started


def test_old_name_is_gone(moved: Stack) -> None:
    old = httpx.URL(f"https://app.localhost:{moved.settings['PORT']}")
    with moved.http() as client, pytest.raises(httpx.ConnectError):
        client.get(old)


def test_authority_is_a_new_one_for_the_new_name_alone(moved: Stack) -> None:
    context = ssl.create_default_context(cafile=str(moved.secrets / "ca" / "localhost" / "ca.crt"))
    with httpx.Client(transport=httpx.HTTPTransport(verify=context)) as client, pytest.raises(httpx.ConnectError):
        client.get(moved.app_url, extensions={"sni_hostname": "app.gate.test"})


def test_issuer_moved_and_the_old_redirect_is_refused(moved: Stack) -> None:
    with moved.http() as client:
        assert client.get(f"{moved.issuer}/.well-known/openid-configuration").json()["issuer"] == moved.issuer
        asked = {"client_id": "app", "response_type": "code", "scope": "openid", "code_challenge_method": "S256"}
        for port in (moved.settings["PORT"], "8443"):
            redirect = f"https://app.localhost:{port}/oauth2callback"
            parameters = asked | {"redirect_uri": redirect, "code_challenge": "x" * 43}
            refused = client.get(f"{moved.issuer}/protocol/openid-connect/auth", params=parameters)
            assert refused.status_code == 400
            assert "redirect_uri" in refused.text


def test_demo_users_do_not_come_along(page: Page, moved: Stack, sams_password: str) -> None:
    page.goto(moved.app_url)
    pages.submit_password(page, "sam", sams_password)
    expect(page.get_by_label("Password", exact=True)).to_be_visible()
    assert page.url.startswith(moved.id_url)


def test_new_person_signs_in_with_a_one_time_password(page: Page, moved: Stack) -> None:
    added = ["add", "ann", "--email", "ann@gate.test", "--name", "Ann Lee", "--role", "staff"]
    said = moved.job("reconcile", "python", "-m", "deploy.keycloak.users", *added).stdout
    password = re.findall(r"\S{12,}", said)[-1]
    page.goto(moved.app_url)
    pages.submit_password(page, "ann", password)
    page.get_by_label("New Password").fill(NEW_PASSWORD)
    page.get_by_label("Confirm password").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(f"{moved.app_url}/**")
    pages.settled(page)
    expect(page.get_by_test_id("stSidebar").get_by_text("ann@gate.test")).to_be_visible()


def test_hsts_holds_under_a_real_name(moved: Stack) -> None:
    with moved.http() as client:
        assert "max-age=63072000" in client.get(moved.app_url).headers["strict-transport-security"]
