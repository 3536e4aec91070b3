"""The operator's own certificate: taken when it is good, and told exactly what is wrong when it isn't."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from deploy.prepare.certificates import load_certificates, load_key, pairs
from unit.deploy.prepare.companies import DAY, Company
from unit.deploy.prepare.trees import Secrets

NAMES = ("app.localhost", "id.localhost")
COMPANY = Company()
OTHER = Company("Another CA")
KEY, CERTIFICATE = COMPANY.issue(*NAMES)


def provide(
    tree: Secrets, key: bytes | None = KEY, certificate: bytes | None = CERTIFICATE, ca: bytes | None = COMPANY.pem
) -> None:
    for name, content in (("tls.key", key), ("tls.crt", certificate), ("ca.crt", ca)):
        if content is not None:
            tree.put(f"provided/{name}", content)


@pytest.mark.parametrize(
    ("domain", "names"),
    [
        ("localhost", NAMES),
        ("apps.example.org", ("*.apps.example.org",)),
        ("apps.example.org", ("other.example.org", "id.apps.example.org", "app.apps.example.org")),
    ],
)
def test_a_good_one_is_taken_with_its_authority(tree: Secrets, domain: str, names: tuple[str, ...]) -> None:
    key, certificate = COMPANY.issue(*names)
    provide(tree, key, certificate)
    run = tree.prepare(domain)
    assert (run.problems, run.warnings) == ([], [])
    assert "certificate: taken from secrets/provided" in run.notes
    assert (tree.read("nginx/tls.key"), tree.read("nginx/tls.crt")) == (key, certificate)
    assert tree.read("app/issuer_ca.crt") == tree.read("keycloak/issuer_ca.crt") == COMPANY.pem
    assert tree.prepare(domain).notes == []


def test_a_renewed_one_is_taken_and_ours_comes_back_when_it_is_gone(tree: Secrets) -> None:
    provide(tree)
    tree.prepare()
    provide(tree, *COMPANY.issue(*NAMES, end=200 * DAY))
    tree.prepare()
    assert tree.read("nginx/tls.crt") == tree.read("provided/tls.crt") != CERTIFICATE
    for name in ("tls.key", "tls.crt", "ca.crt"):
        tree.remove(f"provided/{name}")
    assert tree.prepare().problems == []
    assert tree.read("app/issuer_ca.crt") == tree.read("ca/localhost/ca.crt")
    assert pairs(load_key(tree.read("nginx/tls.key")), load_certificates(tree.read("nginx/tls.crt"))[0])


def test_its_chain_is_kept_in_order_and_remarks_are_dropped(tree: Secrets) -> None:
    provide(tree, certificate="Größe\n".encode() + CERTIFICATE + COMPANY.pem, ca=b"subject=x\n" + COMPANY.pem)
    assert tree.prepare().problems == []
    assert tree.read("nginx/tls.crt") == CERTIFICATE + COMPANY.pem
    assert tree.read("app/issuer_ca.crt") == COMPANY.pem


def test_an_rsa_key_is_taken(tree: Secrets) -> None:
    provide(tree, *COMPANY.issue(*NAMES, key=rsa.generate_private_key(public_exponent=65537, key_size=2048)))
    assert tree.prepare().problems == []


def pem(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def encrypted(key: bytes) -> bytes:
    return load_key(key).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))


WEAK = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 -- what must be refused


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"key": None}, "provided/tls.key: is missing while tls.crt is there; put it beside it, or remove tls.crt"),
        ({"certificate": None}, "provided/tls.crt: is missing while tls.key is there"),
        ({"key": b" "}, "provided/tls.key: is empty"),
        ({"key": KEY[:100]}, "provided/tls.key: is not a whole, unencrypted ECDSA or RSA key in PEM"),
        ({"key": encrypted(KEY)}, "provided/tls.key: is not a whole, unencrypted ECDSA or RSA key in PEM"),
        ({"key": pem(ed25519.Ed25519PrivateKey.generate())}, "provided/tls.key: is not a whole, unencrypted ECDSA"),
        ({"certificate": CERTIFICATE[:200]}, "provided/tls.crt: is not a whole PEM certificate"),
        ({"key": OTHER.issue("x")[0]}, "provided/tls.crt: does not belong to tls.key; provide the key"),
        ({"certificate": COMPANY.pem + CERTIFICATE}, "provided/tls.crt: does not begin with the server's certificate"),
        ({"ca": b"-----BEGIN CERTIFICATE-----"}, "provided/ca.crt: is not a whole PEM certificate"),
        ({"ca": CERTIFICATE}, "provided/ca.crt: holds a certificate that is not a CA's"),
        ({"ca": Company(end=-DAY, key=COMPANY.key).pem}, "provided/ca.crt: expired on "),
        ({"ca": OTHER.pem}, "provided/tls.crt: is not signed by ca.crt; add the intermediate certificates to it, or"),
        ({"ca": None}, "provided/tls.crt: is not signed by anyone whom the public trusts; add the intermediate"),
    ],
)
def test_a_bad_one_is_told_and_ours_stays(tree: Secrets, files: dict[str, bytes | None], words: str) -> None:
    assert_told(tree, words, **files)


@pytest.mark.parametrize(
    ("issued", "words"),
    [
        (COMPANY.issue(*NAMES, begin=-5 * DAY, end=-DAY), "expired on "),
        (COMPANY.issue(*NAMES, begin=DAY), "is not valid before "),
        (COMPANY.issue("app.localhost"), "does not cover id.localhost; provide one for app.localhost and id.localhost"),
        (COMPANY.issue("localhost"), "does not cover app.localhost and id.localhost"),
        (COMPANY.issue("*.example.org", "a.app.localhost"), "does not cover app.localhost and id.localhost"),
        (COMPANY.issue(*NAMES, key=WEAK), "cannot be served (EE_KEY_TOO_SMALL); provide an ECDSA P-256 or RSA 2048"),
    ],
)
def test_a_certificate_that_does_not_serve_is_told(tree: Secrets, issued: tuple[bytes, bytes], words: str) -> None:
    assert_told(tree, f"provided/tls.crt: {words}", key=issued[0], certificate=issued[1])


def assert_told(tree: Secrets, words: str, **files: bytes | None) -> None:
    before = tree.snapshot()
    provide(tree, **files)
    (problem,) = tree.prepare().problems
    assert problem.startswith(f"secrets/{words}")
    assert {path: held for path, held in tree.snapshot().items() if not path.startswith("provided/")} == before


@pytest.mark.parametrize(
    ("path", "mode", "remedy"),
    [
        ("provided/tls.key", 0o644, "too open, mode 0644; chmod 0600 secrets/provided/tls.key"),
        ("provided/tls.key", 0o440, "too open, mode 0440; chmod 0400 secrets/provided/tls.key"),
        ("provided/tls.crt", 0o666, "too open, mode 0666; chmod 0644 secrets/provided/tls.crt"),
    ],
)
def test_files_open_to_others_are_told(tree: Secrets, path: str, mode: int, remedy: str) -> None:
    provide(tree)
    (tree.root / path).chmod(mode)
    assert tree.prepare().problems == [f"secrets/{path}: {remedy}"]


def test_a_public_certificate_may_be_readable_and_anyones(tree: Secrets) -> None:
    provide(tree)
    for name in ("tls.crt", "ca.crt"):
        (tree.root / "provided" / name).chmod(0o644)
    assert tree.prepare().problems == []


def test_it_warns_three_weeks_before_the_end(tree: Secrets) -> None:
    provide(tree, *COMPANY.issue(*NAMES, end=20 * DAY))
    run = tree.prepare()
    assert run.problems == []
    (warning,) = run.warnings
    assert warning.startswith("secrets/provided/tls.crt: expires in 20 days, on ")


def test_an_authority_alone_is_not_used(tree: Secrets) -> None:
    provide(tree, None, None)
    run = tree.prepare()
    assert run.problems == []
    assert run.warnings == ["secrets/provided/ca.crt: not used, as tls.crt and tls.key are not there"]
