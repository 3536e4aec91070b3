"""Passwords, random values and the author's secrets: made when missing, kept equal, refused when malformed."""

from __future__ import annotations

import pytest

from deploy.prepare.inventory import DATABASE_CA_READERS, LOGINS, Secret, inventory
from deploy.prepare.secrets import ADMINISTRATOR, TOKEN_BYTES
from unit.deploy.prepare.scram import proves
from unit.deploy.prepare.trees import Secrets

FILES = [secret for secret in inventory("localhost") if not secret.optional]
REMADE = [secret for secret in FILES if not secret.path.startswith("ca/")]
TOML = "provided/secrets.toml"


def test_a_first_run_tells_what_it_made_and_no_value(empty: Secrets) -> None:
    notes = empty.prepare().notes
    assert "generated 13 secrets" in notes
    told = "\n".join(notes).encode()
    for path, file in empty.snapshot().items():
        assert file.content not in told, path
    assert TOKEN_BYTES * 8 >= 256


@pytest.mark.parametrize("login", LOGINS)
def test_each_verifier_is_its_logins_password(tree: Secrets, login: str) -> None:
    verifier = tree.read(f"roles/{login}.verifier")
    assert proves(verifier, tree.read(f"{LOGINS[login]}/{login}_password"))
    assert not proves(verifier, b"another")


@pytest.mark.parametrize("secret", REMADE, ids=lambda secret: secret.path)
def test_a_missing_file_is_made_again(tree: Secrets, secret: Secret) -> None:
    path = secret.path
    tree.remove(path)
    assert tree.prepare().problems == []
    assert tree.prepare().notes == []
    assert (tree.root / path).exists()


@pytest.mark.parametrize(
    ("missing", "twin"),
    [
        ("app/client_secret", "reconcile/client_secret"),
        ("reconcile/bootstrap_secret", "keycloak/bootstrap_secret"),
    ],
)
def test_a_missing_copy_comes_from_its_twin(tree: Secrets, missing: str, twin: str) -> None:
    value = tree.read(twin)
    tree.remove(missing)
    assert tree.prepare().notes == [f"{missing}: copied from its twin"]
    assert tree.read(missing) == tree.read(twin) == value


def test_a_trailing_newline_makes_no_difference(tree: Secrets) -> None:
    tree.put("app/client_secret", tree.read("app/client_secret") + b"\n")
    run = tree.prepare()
    assert (run.problems, run.notes) == ([], [])


def test_unequal_twins_are_both_named(tree: Secrets) -> None:
    tree.put("reconcile/client_secret", b"x" * 43)
    before = tree.snapshot()
    (problem,) = tree.prepare().problems
    assert problem.startswith("secrets/app/client_secret: differs from secrets/reconcile/client_secret; remove the ")
    assert tree.snapshot() == before


def test_a_lost_password_gets_a_new_verifier_and_says_who_must_restart(tree: Secrets) -> None:
    old = tree.read("roles/keycloak.verifier")
    tree.remove("keycloak/keycloak_password")
    notes = tree.prepare().notes
    assert "keycloak: its password was missing, so password and verifier are new; start roles again" in notes
    assert "generated 1 secret: keycloak_password; restart what reads them: keycloak" in notes
    assert tree.read("roles/keycloak.verifier") != old
    assert proves(tree.read("roles/keycloak.verifier"), tree.read("keycloak/keycloak_password"))


def test_a_lost_verifier_comes_from_the_password(tree: Secrets) -> None:
    password = tree.read("app/gate_password")
    tree.remove("roles/gate.verifier")
    assert tree.prepare().notes == ["roles/gate.verifier: made again from the password; start roles again"]
    assert tree.read("app/gate_password") == password
    assert proves(tree.read("roles/gate.verifier"), password)


@pytest.mark.parametrize("secret", FILES, ids=lambda secret: secret.path)
def test_each_half_written_file_is_named(tree: Secrets, secret: Secret) -> None:
    path = secret.path
    content = tree.read(path)
    tree.put(path, content[: len(content) // 2])
    before = tree.snapshot()
    (problem,) = tree.prepare().problems
    assert problem.startswith(f"secrets/{path}: is not a whole ")
    assert "; remove it, then start again: a new one is made" in problem or "; restore it from a backup" in problem
    assert content[: len(content) // 2].decode() not in problem
    assert tree.snapshot() == before


@pytest.mark.parametrize("content", [b"x" * 42, b"x" * 44, b"x" * 42 + b" ", b"x" * 43 + b"\n\n", b"x" * 42 + b"\xff"])
def test_what_is_no_random_value_is_refused(tree: Secrets, content: bytes) -> None:
    tree.put("app/cookie_secret", content)
    (problem,) = tree.prepare().problems
    assert problem.startswith("secrets/app/cookie_secret: is not a whole random value")


def test_all_problems_are_told_at_once(tree: Secrets) -> None:
    tree.put("app/cookie_secret", b"short")
    tree.put("nginx/tls.key", b"", mode=0o444)
    tree.put("ca/internal/ca.crt", b"-----BEGIN")
    tree.put(TOML, b"= 1")
    tree.put("provided/tls.key", b"?")
    problems = tree.prepare().problems
    assert sorted({problem.partition(":")[0] for problem in problems}) == [
        "secrets/app/cookie_secret",
        "secrets/ca/internal/ca.crt",
        "secrets/nginx/tls.key",
        "secrets/provided/secrets.toml",
        "secrets/provided/tls.crt",
    ]


def test_the_authors_secrets_follow_their_source(tree: Secrets) -> None:
    tree.put(TOML, b'[api]\nkey = "one"\n')
    tree.prepare()
    assert tree.read("app/author.toml") == b'[api]\nkey = "one"\n'
    assert (tree.root / "app/author.toml").stat().st_uid == 10001
    tree.put(TOML, b'[api]\nkey = "two"\n')
    tree.prepare()
    assert tree.read("app/author.toml") == b'[api]\nkey = "two"\n'
    assert tree.prepare().notes == []
    tree.remove(TOML)
    assert tree.prepare().notes == [f"app/author.toml: removed, as secrets/{TOML} is gone"]
    assert not (tree.root / "app/author.toml").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'[api]\nkey = "hunter2\n', "is not TOML at line 2, column 15; mend that line"),
        (b"key = hunter2\n", "is not TOML at line 1, column 7"),
        (b'key = "hunter2', "is not TOML at end of document"),
        (b'a = 1\na = "hunter2"\n', "is not TOML at line 2, column 14"),
        ('key = "hünter2"'.encode("latin-1"), "is not UTF-8 text; save it as UTF-8"),
        (b"\n", "is empty; fill it, or remove it"),
    ],
)
def test_bad_toml_is_named_by_place_and_not_by_value(tree: Secrets, content: bytes, words: str) -> None:
    tree.put("app/author.toml", b"kept = 1\n")
    tree.put(TOML, content)
    (problem,) = tree.prepare().problems
    assert problem.startswith(f"secrets/{TOML}: ")
    assert words in problem
    assert "hunter" not in problem
    assert tree.read("app/author.toml") == b"kept = 1\n"


def test_the_authors_secrets_must_not_be_open_to_others(tree: Secrets) -> None:
    tree.put(TOML, b"a = 1\n", mode=0o644)
    assert tree.prepare().problems == [f"secrets/{TOML}: too open, mode 0644; chmod 0600 secrets/{TOML}"]


def test_the_administrators_password_follows_its_source(tree: Secrets) -> None:
    tree.put(ADMINISTRATOR, b"it's: a \\ pass\n")
    assert tree.prepare().notes == [f"roles/administrator: taken from secrets/{ADMINISTRATOR}"]
    assert tree.read("roles/administrator") == b"it's: a \\ pass\n"
    assert (tree.root / "roles/administrator").stat().st_uid == 999
    tree.remove(ADMINISTRATOR)
    assert tree.prepare().notes == [f"roles/administrator: removed, as secrets/{ADMINISTRATOR} is gone"]
    assert not (tree.root / "roles/administrator").exists()


@pytest.mark.parametrize("content", [b"hunter2\nhunter3\n", b"hunter2\r\n", b"h" * 1001])
def test_a_password_that_is_no_line_is_named_and_not_shown(tree: Secrets, content: bytes) -> None:
    tree.put(ADMINISTRATOR, content)
    (problem,) = tree.prepare().problems
    assert problem.startswith(f"secrets/{ADMINISTRATOR}: is not one line of at most 1000 characters; ")
    assert "hunter" not in problem


def test_the_database_outside_is_known_by_its_own_ca(tree: Secrets) -> None:
    inside = tree.read("app/database_ca.crt")
    other = tree.read("ca/localhost/ca.crt")
    tree.prepare(database_ca=other.decode())
    assert {tree.read(f"{reader}/database_ca.crt") for reader in DATABASE_CA_READERS} == {other}
    tree.prepare()
    assert {tree.read(f"{reader}/database_ca.crt") for reader in DATABASE_CA_READERS} == {inside}
