"""Our own authorities and what they sign: valid for exactly our names, renewed in time, refused everywhere else."""

from __future__ import annotations

import subprocess
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from deploy.prepare.certificates import Pair, certificate_pem, load_certificates, load_key, new_leaf, pairs
from unit.deploy.prepare.companies import DAY, Company
from unit.deploy.prepare.trees import NOW, Secrets


def pair(tree: Secrets, place: str) -> Pair:
    certificate = load_certificates(tree.read(f"{place}.crt"))[0]
    return Pair(load_key(tree.read(f"{place}.key")), certificate)


def accepts(authority: bytes, leaf: x509.Certificate, name: str) -> bool:
    """Whether a strict client that trusts the authority takes the certificate for `name`."""
    store = Store(load_certificates(authority))
    verifier = PolicyBuilder().store(store).time(NOW).build_server_verifier(x509.DNSName(name))
    try:
        verifier.verify(leaf, [])
    except VerificationError:
        return False
    return True


@pytest.mark.parametrize(
    ("authority", "place", "names"),
    [
        ("app/issuer_ca.crt", "nginx/tls", ("app.localhost", "id.localhost")),
        ("migrate/database_ca.crt", "postgres/server", ("postgres",)),
    ],
)
def test_clients_accept_our_names_and_no_other(
    tree: Secrets, authority: str, place: str, names: tuple[str, ...]
) -> None:
    leaf = pair(tree, place)
    assert pairs(leaf.key, leaf.certificate)
    for name in names:
        assert accepts(tree.read(authority), leaf.certificate, name)
        command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", name]
        trusted = ["-no-CAfile", "-no-CApath", "-CAfile", str(tree.root / authority), str(tree.root / f"{place}.crt")]
        verified = subprocess.run([*command, *trusted], capture_output=True, text=True, check=False)
        assert verified.returncode == 0, verified.stderr
    assert not accepts(tree.read(authority), leaf.certificate, "example.org")


@pytest.mark.parametrize("name", ["example.org", "localhost.example.org", "app.internal", "postgres"])
def test_a_stolen_front_authority_is_worthless_for_other_names(tree: Secrets, name: str) -> None:
    forged = new_leaf(pair(tree, "ca/localhost/ca"), (name,), NOW)
    assert not accepts(tree.read("ca/localhost/ca.crt"), forged.certificate, name)
    (tree.root / "forged.crt").write_bytes(certificate_pem(forged.certificate))
    command = ["openssl", "verify", "-verify_hostname", name, "-CAfile", str(tree.root / "ca/localhost/ca.crt")]
    verified = subprocess.run([*command, str(tree.root / "forged.crt")], capture_output=True, text=True, check=False)
    assert verified.returncode != 0
    assert "permitted subtree violation" in verified.stderr


def test_an_authority_signs_neither_addresses_nor_other_authorities(tree: Secrets) -> None:
    extensions = load_certificates(tree.read("ca/localhost/ca.crt"))[0].extensions
    constraints = extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert constraints.value.permitted_subtrees == [x509.DNSName("localhost")]
    excluded = [str(address.value) for address in constraints.value.excluded_subtrees or []]
    assert excluded == ["0.0.0.0/0", "::/0"]
    basic = extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)


@pytest.mark.parametrize("place", ["nginx/tls", "postgres/server"])
def test_leaves_are_p256_and_last_ninety_days(tree: Secrets, place: str) -> None:
    leaf = pair(tree, place).certificate
    key = leaf.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= 90 * DAY


@pytest.mark.parametrize(("after", "renewed"), [(59 * DAY, False), (61 * DAY, True), (200 * DAY, True)])
def test_leaves_are_renewed_in_their_last_thirty_days(tree: Secrets, after: timedelta, renewed: bool) -> None:  # noqa: FBT001
    before = tree.snapshot()
    run = tree.prepare(after=after)
    assert run.problems == []
    changed = {path for path, held in tree.snapshot().items() if held != before[path]}
    leaves = {"nginx/tls.key", "nginx/tls.crt", "postgres/server.key", "postgres/server.crt"}
    assert changed == (leaves if renewed else set())
    assert len(run.notes) == (2 if renewed else 0)


def test_a_clock_that_was_ahead_is_healed(tree: Secrets) -> None:
    tree.prepare(after=70 * DAY)
    assert any("it was not yet valid" in note for note in tree.prepare().notes)
    assert tree.prepare().notes == []


def test_another_domain_gets_its_own_authority_and_the_old_one_comes_back(tree: Secrets) -> None:
    first = tree.read("ca/localhost/ca.crt")
    tree.prepare("apps.example.org")
    leaf = pair(tree, "nginx/tls").certificate
    assert tree.read("app/issuer_ca.crt") == tree.read("ca/apps.example.org/ca.crt") != first
    assert accepts(tree.read("keycloak/issuer_ca.crt"), leaf, "id.apps.example.org")
    assert not accepts(tree.read("keycloak/issuer_ca.crt"), leaf, "id.localhost")
    notes = tree.prepare().notes
    assert any("its authority changed" in note for note in notes)
    assert tree.read("app/issuer_ca.crt") == tree.read("ca/localhost/ca.crt") == first


def test_a_new_authority_reaches_leaf_and_clients(tree: Secrets) -> None:
    tree.remove("ca/localhost/ca.key")
    tree.remove("ca/localhost/ca.crt")
    notes = tree.prepare().notes
    assert any(note.startswith("front CA for localhost: created, valid to ") for note in notes)
    assert accepts(tree.read("app/issuer_ca.crt"), pair(tree, "nginx/tls").certificate, "app.localhost")


def test_a_lost_authority_certificate_is_made_again_from_its_key(tree: Secrets) -> None:
    key = tree.read("ca/localhost/ca.key")
    tree.remove("ca/localhost/ca.crt")
    assert tree.prepare().problems == []
    assert tree.read("ca/localhost/ca.key") == key
    assert accepts(tree.read("app/issuer_ca.crt"), pair(tree, "nginx/tls").certificate, "app.localhost")


def test_a_lost_authority_key_is_told(tree: Secrets) -> None:
    tree.remove("ca/localhost/ca.key")
    (problem,) = tree.prepare().problems
    assert problem.startswith("secrets/ca/localhost/ca.key: is missing while ca.crt is there; restore it from a backup")
    assert problem.endswith(", or remove secrets/ca/localhost and start again, then make trust")


def test_an_authority_of_another_key_or_domain_is_told(tree: Secrets) -> None:
    tree.prepare("apps.example.org")
    for file in ("ca.key", "ca.crt"):
        tree.put(f"ca/localhost/{file}", tree.read(f"ca/apps.example.org/{file}"))
    (problem,) = tree.prepare().problems
    assert problem.startswith("secrets/ca/localhost/ca.crt: is not constrained to localhost; ")
    tree.put("ca/localhost/ca.crt", tree.read("ca/internal/ca.crt"))
    (problem,) = tree.prepare().problems
    assert problem.startswith("secrets/ca/localhost/ca.crt: is not the certificate of ca.key; ")


def test_an_authority_without_constraints_is_told(tree: Secrets) -> None:
    company = Company()
    tree.put("ca/localhost/ca.crt", company.pem)
    tree.put("ca/localhost/ca.key", company.issue("localhost", key=company.key)[0])
    (problem,) = tree.prepare().problems
    assert problem.startswith("secrets/ca/localhost/ca.crt: is not constrained to localhost; ")


def test_an_authority_warns_before_it_ends_and_stops_after(tree: Secrets) -> None:
    late = tree.prepare(after=3600 * DAY)
    assert late.problems == []
    assert [line.partition(" on ")[0] for line in late.warnings] == [
        "secrets/ca/internal/ca.crt: expires",
        "secrets/ca/localhost/ca.crt: expires",
    ]
    # Near the end the certificate lasts as long as its authority, and isn't issued again on every run.
    assert tree.prepare(after=3640 * DAY).problems == []
    assert tree.prepare(after=3640 * DAY).notes == []
    assert [problem.partition(" on ")[0] for problem in tree.prepare(after=3651 * DAY).problems] == [
        "secrets/ca/internal/ca.crt: expired",
        "secrets/ca/localhost/ca.crt: expired",
    ]
    assert tree.prepare(after=-10 * DAY).problems[0].startswith("secrets/ca/internal/ca.crt: is not valid before ")


def test_a_long_domain_fits(empty: Secrets) -> None:
    domain = ".".join(["a" * 60] * 4)
    assert empty.prepare(domain).problems == []
    assert accepts(empty.read("app/issuer_ca.crt"), pair(empty, "nginx/tls").certificate, f"id.{domain}")
