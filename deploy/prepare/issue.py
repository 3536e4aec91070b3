"""Which certificates this run makes: authorities that are missing, and leaves that are missing or no longer fit."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from deploy.prepare import certificates, inventory
from deploy.prepare.certificates import Pair
from deploy.prepare.files import Tree

RENEW_BEFORE = timedelta(days=30)
WARN_AUTHORITY = timedelta(days=90)


def authority(tree: Tree, name: str, domain: str) -> Pair | None:
    """The authority in ca/<name>/, made when it is missing; None when it is unusable and the problem is noted."""
    folder = inventory.authority(name)
    key_path, path = f"{folder}/ca.key", f"{folder}/ca.crt"
    if {key_path, path} & tree.faulty:
        return None
    key_content, content = tree.found[key_path], tree.found[path]
    if content is None:
        # A run killed between the two files leaves the key alone: it is used.
        key = certificates.load_key(key_content) if key_content else certificates.new_key()
        made = Pair(key, certificates.new_authority(key, domain, tree.now))
        if key_content is None:
            tree.stage(key_path, certificates.key_pem(key))
        tree.stage(path, certificates.certificate_pem(made.certificate))
        title = "internal CA" if name == "internal" else "front CA"
        tree.notes.append(f"{title} for {domain}: created, valid to {made.certificate.not_valid_after_utc:%Y-%m-%d}")
        return made
    remedy = inventory.authority_remedy(folder)
    if key_content is None:
        tree.problem(key_path, "is missing while ca.crt is there", remedy)
        return None
    held = Pair(certificates.load_key(key_content), certificates.load_certificates(content)[0])
    if fault := _fault(held, domain, tree.now):
        tree.problem(path, fault, remedy)
        return None
    end = held.certificate.not_valid_after_utc
    if end - tree.now < WARN_AUTHORITY:
        again = f"remove secrets/{folder} before that and start again"
        tree.warnings.append(f"secrets/{path}: expires on {end:%Y-%m-%d}; {again}")
    return held


def _fault(held: Pair, domain: str, now: datetime) -> str | None:
    certificate = held.certificate
    if not certificates.pairs(held.key, certificate):
        return "is not the certificate of ca.key"
    if _constrained_to(certificate) != [domain]:
        return f"is not constrained to {domain}"
    if certificate.not_valid_after_utc <= now:
        return f"expired on {certificate.not_valid_after_utc:%Y-%m-%d}"
    if certificate.not_valid_before_utc > now:
        return f"is not valid before {certificate.not_valid_before_utc:%Y-%m-%d} (is this machine's clock right?)"
    return None


def leaf(tree: Tree, place: str, signer: Pair, names: tuple[str, ...]) -> None:
    """Stage a server's key and certificate at `place` when they are missing or no longer fit."""
    key, content = tree.found[f"{place}.key"], tree.found[f"{place}.crt"]
    if key and content:
        held = Pair(certificates.load_key(key), certificates.load_certificates(content)[0])
        reason = _unfit(held, signer.certificate, names, tree.now)
        if reason is None:
            return
        reason = f" again, as {reason}"
    else:
        reason = ""
    made = certificates.new_leaf(signer, names, tree.now)
    tree.stage(f"{place}.key", certificates.key_pem(made.key))
    tree.stage(f"{place}.crt", certificates.certificate_pem(made.certificate))
    end = made.certificate.not_valid_after_utc
    tree.notes.append(f"certificate for {' and '.join(names)}: issued{reason}, valid to {end:%Y-%m-%d}")


def take(tree: Tree, place: str, key: bytes, certificate: bytes, source: str) -> None:
    """Stage another's key and certificate at `place` when they are not there yet. `source`: for the note."""
    if (tree.found[f"{place}.key"], tree.found[f"{place}.crt"]) != (key, certificate):
        tree.stage(f"{place}.key", key)
        tree.stage(f"{place}.crt", certificate)
        tree.notes.append(f"certificate: {source}")


def follow(tree: Tree, readers: tuple[str, ...], name: str, content: bytes) -> None:
    """Stage the certificate that services trust, wherever it is missing or another."""
    for reader in readers:
        if tree.found[f"{reader}/{name}"] != content:
            tree.stage(f"{reader}/{name}", content)


def _constrained_to(authority: x509.Certificate) -> list[str]:
    """The DNS names that an authority may sign for; empty when nothing constrains it."""
    try:
        constraints = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return []
    return [name.value for name in constraints.permitted_subtrees or () if isinstance(name, x509.DNSName)]


def _names(certificate: x509.Certificate) -> set[str]:
    try:
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return set(alternatives.get_values_for_type(x509.DNSName))


def _unfit(leaf: Pair, authority: x509.Certificate, names: tuple[str, ...], now: datetime) -> str | None:
    """Why a server's certificate must be replaced, or None."""
    certificate = leaf.certificate
    if not certificates.pairs(leaf.key, certificate):
        return "key and certificate did not belong together"
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError):
        return "its authority changed"
    if _names(certificate) != set(names):
        return "its names changed"
    if certificate.not_valid_before_utc > now:
        return "it was not yet valid"
    end = certificate.not_valid_after_utc
    if end - now < RENEW_BEFORE and end < authority.not_valid_after_utc:
        return f"it ends on {end:%Y-%m-%d}"
    return None
