"""What an operator may ask for beyond a password works under the pages' policy: codes, security keys, passkeys."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from support import pages
from support.accessible import judge
from support.browser import Console
from support.stack import Stack

ACTIONS = ["UPDATE_PROFILE", "CONFIGURE_TOTP", "UPDATE_PASSWORD", "webauthn-register", "CONFIGURE_RECOVERY_AUTHN_CODES"]
PASSPHRASE = "a-passphrase-of-wandas-own-3"
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
REALM = """
import json, sys
from deploy.keycloak import access, settings
from deploy.keycloak.admin import connect

loaded, (word, value) = settings.load(), json.loads(sys.argv[1])
with connect(loaded.keycloak_url, loaded.id_url, loaded.keycloak_patience) as http:
    admin = access.operator(http, loaded)
    if word == "actions":
        user = admin.one("/users", username="wanda", exact="true")
        admin.put(f"/users/{user['id']}", user | {"requiredActions": value})
    else:
        for step in admin.get("/authentication/flows/browser/executions"):
            if step.get("providerId") == "webauthn-authenticator":
                admin.put("/authentication/flows/browser/executions", step | {"requirement": value})
        admin.put("", admin.get("") | {"webAuthnPolicyPasswordlessPasskeysEnabled": value != "DISABLED"})
"""
"""What an operator does in Keycloak's own words: one user's required actions, or keys for all."""


def configure(stack: Stack, word: str, value: object) -> None:
    stack.job("reconcile", "python", "-c", REALM, json.dumps([word, value]))


@pytest.fixture
def password(stack: Stack) -> Iterator[str]:
    """Wanda's first, in a realm that takes keys for as long as the test runs."""
    users = ["python", "-m", "deploy.keycloak.users"]
    said = stack.job("reconcile", *users, "add", "wanda", "--email", "wanda@example.com", "--name", "Wanda Key").stdout
    configure(stack, "actions", ACTIONS)
    configure(stack, "keys", "ALTERNATIVE")
    yield said.split()[-1]
    configure(stack, "keys", "DISABLED")


def code(secret: str) -> str:
    """RFC 6238, with what Keycloak asks for by default: SHA-1, six digits, 30 s."""
    digest = hmac.digest(
        base64.b32decode(secret.replace(" ", "")), struct.pack(">Q", int(time.time()) // 30), hashlib.sha1
    )
    (number,) = struct.unpack_from(">I", digest, digest[-1] & 15)
    return f"{(number & 0x7FFFFFFF) % 10**6:06d}"


def give_password(page: Page) -> None:
    field = page.get_by_label("New Password", exact=True)
    field.fill("short")
    page.get_by_label("Confirm password").focus()
    expect(field).to_have_accessible_description("Invalid password: minimum length 12.")
    field.fill(PASSPHRASE)
    page.get_by_label("Confirm password").fill(PASSPHRASE)
    page.get_by_role("button", name="Submit").click()


def give_code(page: Page) -> None:
    page.get_by_role("link", name="Unable to scan?").click()
    secret = page.locator("#kc-totp-secret-key").inner_text()
    field = page.get_by_label("One-time code")
    field.fill("no code")
    page.get_by_role("button", name="Submit").click()
    expect(field).to_have_accessible_description("Invalid authenticator code.")
    judge(page)
    field.fill(code(secret))
    page.get_by_label("Device Name").fill("Phone")
    page.get_by_role("button", name="Submit").click()


def keep_codes(page: Page) -> None:
    with page.expect_download() as kept:
        page.get_by_role("button", name="Download").click()
    assert "12: " in Path(kept.value.path()).read_text(encoding="utf-8")
    page.get_by_label("I have saved these codes").check()
    page.get_by_role("button", name="Complete setup").click()


WAYS: dict[str, Callable[[Page], None]] = {
    "login-login-update-profile": lambda page: page.get_by_role("button", name="Submit").click(),
    "login-login-config-totp": give_code,
    "login-login-update-password": give_password,
    "login-webauthn-register": lambda page: page.get_by_role("button", name="Register").click(),
    "login-login-recovery-authn-code-config": keep_codes,
}


def test_each_way_to_prove_who_one_is(
    page: Page, context: BrowserContext, console: Console, stack: Stack, password: str
) -> None:
    devices = context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    page.goto(stack.app_url)
    pages.submit_password(page, "wanda", password)
    body = page.locator("body")
    for _ in WAYS:
        expect(body).to_have_attribute("data-page-id", re.compile("|".join(WAYS)))
        name = body.get_attribute("data-page-id") or ""
        judge(page)
        WAYS[name](page)
        expect(body).not_to_have_attribute("data-page-id", name)
    page.wait_for_url(f"{stack.app_url}/**")
    pages.settled(page)

    context.clear_cookies()
    page.goto(stack.app_url)
    judge(page)
    pages.submit_password(page, "wanda", PASSPHRASE)
    judge(page)
    page.get_by_role("button", name="Try Another Way").click()
    judge(page)
    page.get_by_role("button", name="Passkey").click()
    judge(page)
    page.get_by_role("button", name="Sign in with Passkey").click()
    page.wait_for_url(f"{stack.app_url}/**")
    assert not [line for line in console.errors if "Security Policy" in line]
