"""What Keycloak, as this product configures it, refuses a client, also one with the right secret."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from integration.keycloak.identity import ISSUER, Identity
from integration.keycloak.person import ENDPOINT, REDIRECT, Person, code_of

Someone = Callable[[], Person]
APP_URL = REDIRECT.removesuffix("/oauth2callback")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "unauthorized_client"),
        ({"response_type": "id_token"}, "unauthorized_client"),
        ({"response_type": "code id_token"}, "unauthorized_client"),
        ({"scope": "openid offline_access"}, "invalid_scope"),
    ],
    ids=["no PKCE", "plain PKCE", "implicit", "implicit ID token", "hybrid", "tokens that outlive the session"],
)
def test_weaker_flow_is_sent_back_with_an_error(person: Someone, changes: dict[str, str | None], error: str) -> None:
    answer = person().ask(**changes)
    assert answer.status_code == 302
    there = httpx.URL(answer.headers["location"])
    assert str(there.copy_with(query=None, fragment=None)) == REDIRECT
    assert httpx.QueryParams(there.query or there.fragment)["error"] == error


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/oauth2callback",
        "http://app.localhost:8443/oauth2callback",
        "https://app.localhost/oauth2callback",
        f"{APP_URL}/",
        f"{REDIRECT}/x",
        f"{REDIRECT}?x=1",
        f"{REDIRECT}#x",
    ],
)
def test_other_redirect_is_refused_in_place(person: Someone, address: str) -> None:
    answer = person().ask(redirect_uri=address)
    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_foreign_address_after_sign_out_is_refused_in_place(person: Someone) -> None:
    parameters = {"client_id": "app", "post_logout_redirect_uri": "https://evil.example/"}
    answer = person().http.get(f"{ENDPOINT}/logout", params=parameters)
    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "unauthorized_client"),
        ({"code_verifier": "x" * 64}, "invalid_grant"),
        ({"redirect_uri": "https://evil.example/"}, "invalid_grant"),
    ],
    ids=["wrong secret", "wrong verifier", "other redirect"],
)
def test_stolen_code(identity: Identity, person: Someone, changes: dict[str, str], error: str) -> None:
    sam = person()
    code = code_of(sam.sign_in("sam", identity.demo_password("sam")))
    assert code
    response = sam.redeem(code, **{"client_secret": identity.secret("client_secret")} | changes)
    assert response.status_code in {400, 401}
    assert response.json()["error"] == error


def test_code_used_twice_ends_the_session(identity: Identity, person: Someone) -> None:
    sam = person()
    code = code_of(sam.sign_in("sam", identity.demo_password("sam")))
    assert code
    secret = identity.secret("client_secret")
    tokens = sam.redeem(code, client_secret=secret).json()
    assert sam.redeem(code, client_secret=secret).json()["error"] == "invalid_grant"
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": "app"}
    renewed = sam.http.post(f"{ENDPOINT}/token", data=form | {"client_secret": secret})
    assert renewed.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("path", "form", "reason"),
    [
        ("token", {"grant_type": "password"}, "Client not allowed for direct access grants"),
        ("token", {"grant_type": "password", "client_id": "admin-cli"}, "Invalid client"),
        ("token", {"grant_type": "client_credentials"}, "Client not enabled to retrieve service account"),
        ("token", {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange"}, "exchange is not enabled"),
        ("auth/device", {}, "The flow is disabled for the client"),
        ("ext/ciba/auth", {"login_hint": "sam"}, "Client not allowed"),
    ],
    ids=["password", "password at another client", "client credentials", "token exchange", "device", "CIBA"],
)
def test_other_way_to_a_token(
    identity: Identity, person: Someone, path: str, form: dict[str, str], reason: str
) -> None:
    """Off, also for a client that knows its secret and a user's password."""
    known = {"client_id": "app", "client_secret": identity.secret("client_secret"), "scope": "openid"}
    user = {"username": "sam", "password": identity.demo_password("sam")}
    answer = person().http.post(f"{ENDPOINT}/{path}", data=known | user | form)
    assert answer.status_code in {400, 401}
    assert reason in answer.json()["error_description"]


def test_console_of_the_realm(person: Someone) -> None:
    answer = person().ask(client_id="security-admin-console", redirect_uri=f"{ISSUER}/admin/apps/console/")
    assert answer.status_code == 400
