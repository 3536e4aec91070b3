"""A sign-in by the real form, and what the app learns from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet

from integration.keycloak.identity import ISSUER, Identity
from integration.keycloak.person import ENDPOINT, REDIRECT, Person, code_of

Someone = Callable[[], Person]
APP_URL = REDIRECT.removesuffix("/oauth2callback")


def tokens(identity: Identity, person: Person, user: str) -> dict[str, str]:
    code = code_of(person.sign_in(user, identity.demo_password(user)))
    assert code
    response = person.redeem(code, client_secret=identity.secret("client_secret"))
    assert response.status_code == 200, response.text
    found: dict[str, str] = response.json()
    return found


def claims(person: Person, token: str) -> dict[str, Any]:
    """Claims of a token, after checking its signature against the keys that Keycloak publishes."""
    keys = KeySet.import_key_set(person.http.get(f"{ENDPOINT}/certs").json())
    return jwt.decode(token, keys, algorithms=["RS256"]).claims


def test_id_token_says_who_it_is_and_what_they_may(identity: Identity, person: Someone) -> None:
    noor = person()
    said = claims(noor, tokens(identity, noor, "noor")["id_token"])
    assert (said["iss"], said["aud"], said["nonce"]) == (ISSUER, "app", "nonce")
    assert said["sub"] == "5b1c0e1e-0d5a-4c8e-9a55-0c5a3f6d1a05"
    assert (said["email"], said["email_verified"]) == ("noor@example.com", True)
    assert (said["name"], said["given_name"], said["family_name"]) == ("Noor Haddad", "Noor", "Haddad")
    assert said["preferred_username"] == "noor"
    assert sorted(said["roles"]) == ["approver", "finance", "staff"]
    assert said["groups"] == ["Marketing"]
    assert said["exp"] - said["iat"] <= 300


def test_access_token_tells_nothing_about_the_person(identity: Identity, person: Someone) -> None:
    sam = person()
    token = tokens(identity, sam, "sam")["access_token"]
    assert not claims(sam, token).keys() & {"email", "name", "preferred_username", "roles", "groups", "realm_access"}
    assert len(token) < 1000  # bytes; it is kept with every session
    answer = sam.http.get(f"{ENDPOINT}/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.text) == (401, "")


def test_a_refresh_no_longer_has_a_role_that_was_taken(identity: Identity, person: Someone) -> None:
    mia = person()
    refresh = tokens(identity, mia, "mia")["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": refresh, "client_id": "app"}
    identity.users("revoke", "mia", "staff")
    try:
        secret = {"client_secret": identity.secret("client_secret")}
        renewed = mia.http.post(f"{ENDPOINT}/token", data=form | secret).json()
        assert "roles" not in claims(mia, renewed["id_token"])
    finally:
        identity.users("grant", "mia", "staff")


def test_sign_out_returns_to_the_app_and_ends_the_session(identity: Identity, person: Someone) -> None:
    finn = person()
    for address in (REDIRECT, f"{APP_URL}/", f"{APP_URL}/auth/signed-out"):
        hint = tokens(identity, finn, "finn")["id_token"]
        assert code_of(finn.ask()), "signed in: no form"
        answer = finn.http.get(
            f"{ENDPOINT}/logout", params={"id_token_hint": hint, "post_logout_redirect_uri": address}
        )
        assert (answer.status_code, answer.headers["location"]) == (302, address)
        assert code_of(finn.ask()) is None, "signed out: the form again"


def test_discovery_offers_what_the_app_relies_on(person: Someone) -> None:
    said = person().http.get(f"{ISSUER}/.well-known/openid-configuration").json()
    assert said["backchannel_logout_session_supported"] is True
    assert "S256" in said["code_challenge_methods_supported"]


def test_sign_ins_good_and_bad_are_logged_and_kept(identity: Identity, person: Someone) -> None:
    sam = person()
    sam.sign_in("sam", "not the password")  # once: a second within a second would lock the account
    tokens(identity, sam, "sam")
    with identity.admin() as admin:
        kept = {(event["type"], event.get("details", {}).get("username")) for event in admin.get("/events")}
    assert {("LOGIN", "sam"), ("LOGIN_ERROR", "sam")} <= kept
    log = identity.logs()
    assert 'type=\\"LOGIN\\"' in log
    assert 'type=\\"LOGIN_ERROR\\"' in log
