"""What Keycloak, as this product configures it, refuses a client and a stranger."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from support.stack import Stack

CHALLENGE = {"code_challenge_method": "S256", "code_challenge": "x" * 43}


def ask(stack: Stack, **changes: str | None) -> httpx.Response:
    """The answer to an authorization request as the app makes it, but for `changes`; None leaves a parameter out."""
    usual = {"client_id": "app", "response_type": "code", "scope": "openid", "state": "s", **CHALLENGE}
    asked = usual | {"redirect_uri": f"{stack.app_url}/oauth2callback"} | changes
    parameters = {name: value for name, value in asked.items() if value is not None}
    with stack.http() as client:
        return client.get(f"{stack.issuer}/protocol/openid-connect/auth", params=parameters)


def token(stack: Stack, secret: str, **form: str) -> httpx.Response:
    with stack.http() as client:
        return client.post(f"{stack.issuer}/protocol/openid-connect/token", data=form, auth=("app", secret))


def secret(stack: Stack) -> str:
    return (stack.secrets / "app" / "client_secret").read_text(encoding="utf-8").strip()


def test_request_as_the_app_makes_it_gets_the_form(stack: Stack) -> None:
    answer = ask(stack)
    assert answer.status_code == 200
    assert 'name="password"' in answer.text


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
        {"response_type": "id_token", "nonce": "n"},
    ],
    ids=["no PKCE", "plain PKCE", "implicit", "implicit ID token"],
)
def test_weaker_flow_is_sent_back_with_an_error(stack: Stack, changes: dict[str, str | None]) -> None:
    answer = ask(stack, **changes)
    assert answer.status_code == 302
    there = urlsplit(answer.headers["location"])
    assert there._replace(query="", fragment="").geturl() == f"{stack.app_url}/oauth2callback"
    assert parse_qs(there.query or there.fragment)["error"][0] in {"invalid_request", "unauthorized_client"}


@pytest.mark.parametrize(
    "redirect", ["https://evil.example/oauth2callback", "{app}/", "{app}/oauth2callback/x", "{app}/oauth2callback?x=1"]
)
def test_foreign_redirect_is_refused_in_place(stack: Stack, redirect: str) -> None:
    answer = ask(stack, redirect_uri=redirect.format(app=stack.app_url))
    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_wrong_client_secret_is_refused(stack: Stack) -> None:
    form = {"grant_type": "authorization_code", "code": "x", "redirect_uri": f"{stack.app_url}/oauth2callback"}
    assert token(stack, "wrong", **form).status_code == 401
    # The right one is known: only the code is refused.
    assert token(stack, secret(stack), **form).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("grant", ["password", "client_credentials"])
def test_other_grants_are_off(stack: Stack, grant: str) -> None:
    answer = token(stack, secret(stack), grant_type=grant, username="sam", password=stack.demo_password("sam"))
    assert answer.status_code in {400, 401}
    assert answer.json()["error"] == "unauthorized_client"


def test_account_is_locked_after_five_wrong_passwords(stack: Stack) -> None:
    """Also for the right one, and the page does not tell why."""
    for password in [*["wrong"] * 5, stack.demo_password("mia")]:
        with stack.http() as client:
            parameters = {"client_id": "app", "response_type": "code", "scope": "openid", **CHALLENGE}
            parameters["redirect_uri"] = f"{stack.app_url}/oauth2callback"
            form = client.get(f"{stack.issuer}/protocol/openid-connect/auth", params=parameters).text
            action = re.search(r'action="([^"]+)"', form)
            assert action
            fields = {"username": "mia", "password": password}
            answer = client.post(action[1].replace("&amp;", "&"), data=fields)
        assert answer.status_code == 200
        assert "Invalid username or password." in answer.text
