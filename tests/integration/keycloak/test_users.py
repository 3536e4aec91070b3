"""The users' job: what an operator types, and what comes of it at the form."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from integration.keycloak.identity import Identity
from integration.keycloak.person import Person, code_of

Someone = Callable[[], Person]
OWN = "a-passphrase-of-anns-own-7"


def one_time(said: str) -> str:
    (password,) = re.findall(r"one-time password, shown only here, .*: (\S+)$", said, re.MULTILINE)
    return str(password)


def replaces(person: Person, user: str, once: str, own: str) -> bool:
    """Sign in with a one-time password and choose another, as the form asks for."""
    person.sign_in(user, once)
    assert 'name="password-new"' in person.page
    return code_of(person.submit(**{"password-new": own, "password-confirm": own})) is not None


@pytest.fixture
def ann(identity: Identity) -> Iterator[str]:
    """A user with a role, and her one-time password."""
    adding = ["add", "Ann", "--email", "ann@example.com", "--name", "Ann Lee", "--role", "staff"]
    yield one_time(identity.users(*adding, "--group", "Legal"))
    with identity.admin() as admin:
        for user in admin.all("/users", search="ann@example.com"):
            admin.delete(f"/users/{user['id']}")
        for group in admin.all("/groups", search="Legal"):
            admin.delete(f"/groups/{group['id']}")


def row(identity: Identity, user: str) -> list[str]:
    (line,) = [line for line in identity.users("list").splitlines() if line.startswith(f"{user} ")]
    return re.split(r"  +", line)


def test_list_shows_everybody(identity: Identity) -> None:
    heading, *rows = identity.users("list").splitlines()
    assert re.split(r"  +", heading) == ["USER", "E-MAIL", "NAME", "ENABLED", "ROLES", "GROUPS"]
    assert [line.split()[0] for line in rows] == ["audra", "finn", "ivan", "mia", "noor", "priya", "sam"]
    noor = ["noor", "noor@example.com", "Noor Haddad", "yes", "approver, finance, staff", "Marketing"]
    assert re.split(r"  +", rows[4]) == noor


def test_demo_shows_passwords_that_work(identity: Identity, person: Someone) -> None:
    (line,) = [line for line in identity.users("demo").splitlines() if line.startswith("sam ")]
    assert person().gets_in("sam", line.split()[1])


def test_added_user_chooses_a_password_that_obeys_the_policy(identity: Identity, person: Someone, ann: str) -> None:
    assert row(identity, "ann") == ["ann", "ann@example.com", "Ann Lee", "yes", "staff", "Legal"]
    browser = person()
    assert not replaces(browser, "ann", ann, "short")
    assert "minimum length 12" in browser.page
    assert not replaces(person(), "ann", ann, "ann@example.com")
    assert replaces(person(), "ann", ann, OWN)
    assert person().gets_in("ann", OWN)
    assert not person().gets_in("ann", ann)


def test_disable_ends_sessions_and_enable_lets_in_again(identity: Identity, person: Someone, ann: str) -> None:
    browser = person()
    assert replaces(browser, "ann", ann, OWN)
    assert code_of(browser.ask()), "signed in at Keycloak"
    assert identity.users("disable", "ann") == "user ann: disabled, sessions ended\n"
    assert row(identity, "ann")[3] == "no"
    assert not person().gets_in("ann", OWN)
    assert identity.users("enable", "ann") == "user ann: enabled\n"
    assert code_of(browser.ask()) is None, "her old session came back"
    assert person().gets_in("ann", OWN)


def test_reset_gives_a_new_password_and_ends_sessions(identity: Identity, person: Someone, ann: str) -> None:
    browser = person()
    assert replaces(browser, "ann", ann, OWN)
    again = one_time(identity.users("reset", "ann"))
    assert again != ann
    # A session that lives would be asked for a new password alone.
    assert 'name="username"' in browser.ask().text
    assert not person().gets_in("ann", OWN)
    assert replaces(person(), "ann", again, f"{OWN}-another")


def test_grant_and_revoke(identity: Identity, ann: str) -> None:
    assert identity.users("grant", "ann", "approver", "finance") == "user ann: has role approver, finance\n"
    assert row(identity, "ann")[4] == "approver, finance, staff"
    assert identity.users("revoke", "ann", "staff") == "user ann: no longer has role staff\n"
    assert row(identity, "ann")[4] == "approver, finance"


def test_a_new_role_is_told(identity: Identity) -> None:
    try:
        said = identity.users("grant", "sam", "inspector")
        new = "role inspector: created; the app's policy.toml does not name it"
        assert said == f"{new}\nuser sam: has role inspector\n"
        assert identity.users("grant", "sam", "inspectors", "--new").endswith("user sam: has role inspectors\n")
        assert identity.reconcile() == "nothing to change\n"
    finally:
        with identity.admin() as admin:
            client = admin.one("/clients", clientId="app")
            assert client
            for role in ("inspector", "inspectors"):
                admin.delete(f"/clients/{client['id']}/roles/{role}")


ADD = ["--name", "Sam", "--email"]
NEW = "with --new it is made all the same"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["disable", "xerxes"], "user xerxes: unknown; `make users` lists them"),
        (["reset", "samm"], "user samm: unknown; similar: sam"),
        (["grant", "xerxes", "staff"], "user xerxes: unknown; `make users` lists them"),
        (["grant", "sam", "aprover"], f"role aprover: unknown; similar: approver; {NEW}"),
        (["grant", "sam", "staff", "Finance"], f"role Finance: unknown; similar: finance; {NEW}"),
        (["add", "zoe", *ADD, "zoe@example.com", "--role", "stuff"], f"role stuff: unknown; similar: staff; {NEW}"),
        (
            ["add", "zoe", *ADD, "zoe@example.com", "--group", "Enginering"],
            f"group Enginering: unknown; similar: Engineering; {NEW}",
        ),
        (["revoke", "sam", "finance"], "user sam: does not have role finance; has: staff"),
        (["add", "sam", *ADD, "other@example.com"], "user sam: not added, User exists with same username; "),
        (["add", "other", *ADD, "sam@example.com"], "user other: not added, User exists with same email; "),
        (["add", "other", *ADD, "no-address"], "user other: not added, email: invalid email; "),
    ],
)
def test_mistakes_get_one_line(identity: Identity, words: list[str], line: str) -> None:
    before = identity.users("list")
    assert identity.refused("users", *words).removesuffix("correct it, or see `make users`") == line
    assert identity.users("list") == before


@pytest.mark.parametrize("words", [[], ["remove", "sam"], ["add", "ann"], ["grant", "sam"]])
def test_wrong_words_get_the_usage(identity: Identity, words: list[str]) -> None:
    result = identity.job("users", *words)
    assert result.returncode == 2
    assert result.stderr.startswith("usage: users")


def test_passwords_reach_no_log(identity: Identity, person: Someone, ann: str) -> None:
    assert not person().gets_in("ann", OWN)
    assert replaces(person(), "ann", ann, OWN)
    folders = [identity.secrets / name for name in ("keycloak", "reconcile", "demo")]
    secrets = [file.read_text().strip() for folder in folders for file in folder.iterdir() if file.suffix != ".crt"]
    log = identity.logs()
    assert "LOGIN_ERROR" in log
    assert len(secrets) > 8
    assert [value for value in (OWN, ann, *secrets) if value in log] == []
