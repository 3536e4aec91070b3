"""Several providers outside the stack: one like Google, one like Entra."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from support.abroad import Abroad
from support.person import NAVIGATION, Person
from support.providers import ROLES
from support.tab import tab
from support.waiting import until


@pytest.fixture
def person(abroad: Abroad) -> Iterator[Person]:
    someone = abroad.person()
    yield someone
    someone.close()


def test_stack_has_no_provider_of_its_own(abroad: Abroad) -> None:
    assert not {"keycloak", "reconcile"} & {service["Name"].split("-")[-2] for service in abroad.stack.containers()}


def test_stranger_chooses_between_them(person: Person) -> None:
    page = person.open("/?show=claims")
    assert page.url.path == "/auth/login"
    for provider in ("google", "microsoft"):
        link = f"/auth/login?provider={provider}&amp;next=/%3Fshow%3Dclaims"
        assert link in page.text, page.text
        assert f"<span>{provider.capitalize()}</span>" in page.text
    assert "Sign in · Probe" in page.text


@pytest.mark.parametrize("realm", ["google", "microsoft"])
def test_each_signs_in_and_leads_to_where_the_person_wanted_to_go(abroad: Abroad, person: Person, realm: str) -> None:
    page = abroad.sign_in(person, realm, "ann", "/company?a=1")
    assert str(page.url) == f"{abroad.stack.app_url}/company?a=1"
    with tab(person) as opened:
        shown = opened.run("show=claims")
    assert abroad.providers.issuer(realm) in shown
    assert f"Ann {realm.capitalize()}" in shown
    assert ("email_verified" in shown) == (realm == "google")


def test_what_entra_leaves_out_is_left_out(abroad: Abroad, person: Person) -> None:
    """So that the tests above have tried it."""
    form = person.open("/auth/login?provider=microsoft")
    answer = person.submit(form, "ann", abroad.providers.password)
    assert "iss" not in parse_qs(answer.headers["location"].partition("?")[2])


def test_response_from_one_provider_does_not_pass_for_anothers(abroad: Abroad, person: Person) -> None:
    """Mix-up (RFC 9207 §1): Google says who it is, and so must each answer of Google's."""
    form = person.open("/auth/login?provider=google")
    url = person.submit(form, "ann", abroad.providers.password).headers["location"]
    for forged in (
        url.replace("realms%2Fgoogle", "realms%2Fmicrosoft"),
        "&".join(part for part in url.split("&") if not part.startswith("iss=")),
    ):
        assert forged != url
        answer = person.http.get(forged, headers=NAVIGATION)
        assert answer.status_code == 400
        assert person.cookie is None


def test_same_address_at_two_providers_is_two_accounts(abroad: Abroad) -> None:
    people = [abroad.person(), abroad.person()]
    for someone, realm in zip(people, ("google", "microsoft"), strict=True):
        abroad.sign_in(someone, realm, "ann")
    both = abroad.stack.exec(
        "app", "python", "-m", "gatehouse.gate.sessions", "end-user", "ann@company.com", check=False
    )
    assert "several accounts are called so" in both.stderr
    subject = abroad.providers.user("google", "ann")
    abroad.stack.exec("app", "python", "-m", "gatehouse.gate.sessions", "end-user", subject)
    assert [someone.is_in() for someone in people] == [False, True]


def test_signing_in_anew_ends_the_session_before(abroad: Abroad, person: Person) -> None:
    abroad.sign_in(person, "microsoft", "ann")
    former = abroad.person()
    former.http.cookies.update(person.http.cookies)
    form = person.open("/auth/login?provider=google")
    person.follow(person.submit(form, "ann", abroad.providers.password))
    assert person.is_in()
    assert not former.is_in()


def test_without_refresh_tokens_people_are_asked_again_and_come_back_to_where_they_were(
    abroad: Abroad, person: Person
) -> None:
    abroad.sign_in(person, "google", "ann", "/company?a=1")
    with tab(person) as opened:
        opened.rerun("a=1", url=f"{abroad.stack.app_url}/company")
        opened.until("script_finished")
        assert opened.farewell(timeout=30) == "/auth/signed-out?reason=reauth&next=%2Fcompany%3Fa%3D1"
    assert not person.is_in()


def test_without_an_id_token_on_refresh_claims_come_from_userinfo(abroad: Abroad, person: Person) -> None:
    abroad.sign_in(person, "microsoft", "ann")
    realm, subject = abroad.providers.admin("microsoft"), abroad.providers.user("microsoft", "ann")
    account = realm.get(f"/users/{subject}")
    with tab(person) as opened:
        assert "Ann Microsoft" in opened.run("show=claims")
        realm.put(f"/users/{subject}", account | {"lastName": "Renamed"})
        try:
            assert opened.farewell(timeout=30) is None, "closed, to come back with the new claims"
            with tab(person) as again:
                assert "Ann Renamed" in again.run("show=claims")
        finally:
            realm.put(f"/users/{subject}", account)


def test_a_hundred_roles_are_no_burden(abroad: Abroad, person: Person) -> None:
    abroad.sign_in(person, "microsoft", "bob")
    with tab(person) as opened:
        shown = opened.run("show=claims")
    assert ROLES[0] in shown
    assert ROLES[-1] in shown
    # Whatever its claims, a browser holds no more than anybody's.
    assert sum(len(f"{c.name}={c.value}") for c in person.http.cookies.jar if "app." in c.domain) < 512


@pytest.mark.parametrize("user", ["eve", "mallory"])
def test_address_that_is_foreign_or_unverified_is_not_let_in(abroad: Abroad, person: Person, user: str) -> None:
    form = person.open("/auth/login?provider=google")
    page = person.follow(person.submit(form, user, abroad.providers.password))
    assert page.status_code == 403
    assert f"{user}@company.com" in page.text, "who they are"
    assert "Use another account" in page.text
    assert person.cookie is None
    assert not person.is_in()


def test_unverified_address_counts_where_the_author_trusts_the_provider(abroad: Abroad, person: Person) -> None:
    assert abroad.sign_in(person, "microsoft", "mallory").status_code == 200


def test_refused_account_can_be_switched(abroad: Abroad, person: Person) -> None:
    """The provider's own session is over as well, so that it does not wave the same account through again."""
    form = person.open("/auth/login?provider=microsoft")
    person.follow(person.submit(form, "eve", abroad.providers.password))
    until(lambda: 'name="password"' in person.open("/auth/login?provider=microsoft&fresh=1").text, 10)
