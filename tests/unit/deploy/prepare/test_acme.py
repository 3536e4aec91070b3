"""What came by ACME is judged before nginx gets it; whatever is wrong with it, there is a certificate to serve."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from deploy.prepare.__main__ import prepare
from deploy.prepare.files import Tree
from deploy.prepare.inventory import uid
from deploy.prepare.settings import Settings
from unit.deploy.prepare.companies import DAY, Company
from unit.deploy.prepare.trees import NOW, Secrets

DOMAIN = "apps.example.org"
NAMES = (f"app.{DOMAIN}", f"id.{DOMAIN}")
COMPANY = Company()
KEY, CERTIFICATE = COMPANY.issue(*NAMES)
LOCAL = "the local CA's certificate is served meanwhile"


def run(tree: Secrets, after: timedelta = timedelta(), **settings: str) -> Tree:
    values = {"DOMAIN": DOMAIN, "ACME": "https://ca.example.org/acme/directory"} | settings
    return prepare(Settings.model_validate(values | {"SECRETS_DIR": tree.root}), NOW + after)


def got(tree: Secrets, content: bytes = KEY + CERTIFICATE, ca: bytes | None = COMPANY.pem) -> None:
    """As the job leaves it, in its own name; `ca`: of a private authority, from the operator."""
    if not (tree.root / "acme").exists():
        run(tree)
    tree.put("acme/tls.pem", content)
    os.chown(tree.root / "acme" / "tls.pem", uid("acme"), uid("acme"))
    if ca:
        tree.put("provided/ca.crt", ca)


def test_before_there_is_one_the_local_authority_s_is_served(tree: Secrets) -> None:
    done = run(tree)
    assert (done.problems, done.warnings) == ([], [])
    assert tree.read("app/issuer_ca.crt") == tree.read(f"ca/{DOMAIN}/ca.crt")


def test_a_good_one_is_taken_and_both_authorities_are_trusted_inside(tree: Secrets) -> None:
    got(tree)
    done = run(tree)
    assert (done.problems, done.warnings) == ([], [])
    assert "certificate: got by ACME" in done.notes
    assert (tree.read("nginx/tls.key"), tree.read("nginx/tls.crt")) == (KEY, CERTIFICATE)
    assert tree.read("app/issuer_ca.crt") == tree.read(f"ca/{DOMAIN}/ca.crt") + COMPANY.pem
    assert tree.read("acme/ca.crt") == COMPANY.pem
    assert run(tree).notes == []


OTHER_KEY, OTHER = COMPANY.issue("app.example.com", "id.example.com")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (KEY, "is not a whole key with its certificate"),
        (KEY + CERTIFICATE[:200], "is not a whole key with its certificate"),
        (OTHER_KEY + CERTIFICATE, "key and certificate do not belong together"),
        (OTHER_KEY + OTHER, f"is not for {NAMES[0]} and {NAMES[1]}"),
        (b"".join(COMPANY.issue(*NAMES, end=-DAY / 2)), "ended on 20"),
        (b"".join(Company("Another").issue(*NAMES)), "a client would refuse it ("),
    ],
)
def test_a_bad_one_is_told_and_stops_nothing(tree: Secrets, content: bytes, words: str) -> None:
    got(tree, content)
    done = run(tree)
    assert done.problems == []
    (warning,) = done.warnings
    assert words in warning
    assert LOCAL in warning
    assert tree.read("nginx/tls.crt") not in {content, CERTIFICATE}
    assert run(tree).problems == []


def test_one_of_a_private_authority_that_nobody_named_is_not_served(tree: Secrets) -> None:
    got(tree, ca=None)
    (warning,) = run(tree).warnings
    assert "a private CA belongs into provided/ca.crt" in warning


def test_when_it_has_ended_the_local_authority_takes_over(tree: Secrets) -> None:
    got(tree)
    run(tree)
    done = run(tree, after=61 * DAY)
    assert "ended on 20" in done.warnings[0]
    assert tree.read("nginx/tls.crt") != CERTIFICATE
    assert done.problems == []


def test_without_acme_what_it_left_is_not_used(tree: Secrets) -> None:
    got(tree)
    tree.put("provided/acme.toml", b"")
    run(tree)
    tree.remove("provided/ca.crt")
    done = run(tree, ACME="")
    assert (done.problems, done.warnings) == ([], [])
    assert tree.read("nginx/tls.crt") != CERTIFICATE
    assert not (tree.root / "acme" / "ca.crt").exists()


def test_an_own_certificate_beside_it_is_refused(tree: Secrets) -> None:
    tree.put("provided/tls.crt", CERTIFICATE)
    (problem,) = run(tree).problems
    assert problem == "secrets/provided/tls.crt: is there while ACME is set; remove it to use ACME, or leave ACME out"


def test_dns_01_needs_its_name_server(tree: Secrets) -> None:
    (problem,) = run(tree, ACME_CHALLENGE="dns-01").problems
    assert problem.startswith("secrets/provided/acme.toml: [dns] with server, key_name and key_secret is missing")


def test_its_options_are_handed_over_and_taken_back(tree: Secrets) -> None:
    text = b'[account]\nkey_id = "a"\nhmac_key = "q83vEjRWeJCrze8SNFZ4kA"\n'
    tree.put("provided/acme.toml", text)
    assert run(tree).problems == []
    assert tree.read("acme/acme.toml") == text
    tree.put("provided/acme.toml", b"[account]\nkey = 1\n")
    (problem,) = run(tree).problems
    assert problem.startswith("secrets/provided/acme.toml: account.key_id field required")
    tree.remove("provided/acme.toml")
    assert run(tree).problems == []
    assert not (tree.root / "acme" / "acme.toml").exists()
