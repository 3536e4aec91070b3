"""The operator's own certificate: taken when it is whole, in date, for both names, and trusted by who must trust it."""

from __future__ import annotations

import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509

from deploy.prepare import certificates
from deploy.prepare.files import Tree

CERTIFICATE, KEY, AUTHORITY = "provided/tls.crt", "provided/tls.key", "provided/ca.crt"
WARN_BEFORE = timedelta(days=21)
PUBLIC = 0o022  # a certificate may be read by anyone, and changed by nobody else

# https://docs.openssl.org/3.5/man3/X509_STORE_CTX_get_error/
_UNKNOWN_ISSUER = {2, 18, 19, 20, 21, 27}
_HOSTNAME_MISMATCH = 62


@dataclass(frozen=True)
class Provided:
    """The operator's key, chain (the server's certificate first) and, when a private one signed it, authority: PEM."""

    key: bytes
    chain: bytes
    authority: bytes | None


def provided(tree: Tree, names: tuple[str, ...]) -> Provided | None:
    """What the operator provides; None when nothing, or when it is unusable and the problems are noted."""
    start = len(tree.problems)
    again = "put the whole file there, or remove what you provided"
    key = tree.read(KEY, remedy=again)
    certificate = tree.read(CERTIFICATE, remedy=again, closed=PUBLIC)
    authority = tree.read(AUTHORITY, remedy=again, closed=PUBLIC)
    if len(tree.problems) > start:
        return None
    if certificate is None and key is None:
        if authority is not None:
            tree.warnings.append(f"secrets/{AUTHORITY}: not used, as tls.crt and tls.key are not there")
        return None
    if certificate is None or key is None:
        missing, there = (KEY, "tls.crt") if key is None else (CERTIFICATE, "tls.key")
        tree.problem(missing, f"is missing while {there} is there", f"put it beside it, or remove {there}")
        return None
    chain = _chain(tree, key, certificate)
    trusted = authorities(tree, authority)
    if chain is None or trusted is None:
        return None
    _trusted(tree, names, chain[0], trusted)
    return Provided(key, pem(chain), pem(trusted) or None) if len(tree.problems) == start else None


def pem(chain: list[x509.Certificate]) -> bytes:
    """The certificates as one PEM file."""
    return b"".join(certificates.certificate_pem(certificate) for certificate in chain)


def _chain(tree: Tree, key_content: bytes, content: bytes) -> list[x509.Certificate] | None:
    try:
        key = certificates.load_key(key_content)
    except ValueError:
        tree.problem(KEY, "is not a whole, unencrypted ECDSA or RSA key in PEM", "put the key of tls.crt there")
        return None
    try:
        chain = certificates.load_certificates(content)
    except ValueError:
        tree.problem(CERTIFICATE, "is not a whole PEM certificate", "put the certificate and its chain there")
        return None
    leaf, *others = chain
    begin, end = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    if any(certificates.pairs(key, other) for other in others):
        remedy = "put that first, then those of its issuers"
        tree.problem(CERTIFICATE, "does not begin with the server's certificate", remedy)
    elif not certificates.pairs(key, leaf):
        tree.problem(CERTIFICATE, "does not belong to tls.key", "provide the key that it was issued for")
    elif end <= tree.now:
        tree.problem(CERTIFICATE, f"expired on {end:%Y-%m-%d}", "provide a renewed one, or remove tls.crt and tls.key")
    elif begin > tree.now:
        remedy = "wait, set this machine's clock, or provide another"
        tree.problem(CERTIFICATE, f"is not valid before {begin:%Y-%m-%d %H:%M} UTC", remedy)
    else:
        if end - tree.now < WARN_BEFORE:
            when = f"expires in {(end - tree.now).days} days, on {end:%Y-%m-%d}"
            tree.warnings.append(f"secrets/{CERTIFICATE}: {when}; provide a renewed one")
        return chain
    return None


def authorities(tree: Tree, content: bytes | None) -> list[x509.Certificate] | None:
    """The private authorities in provided/ca.crt; None when it is unusable and the problem is noted."""
    if content is None:
        return []
    remedy = "put the CA there that signed tls.crt, or remove it when that is a public one"
    try:
        found = certificates.load_certificates(content)
    except ValueError:
        tree.problem(AUTHORITY, "is not a whole PEM certificate", remedy)
        return None
    for authority in found:
        try:
            signs = authority.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        except x509.ExtensionNotFound:
            signs = False
        if not signs:
            tree.problem(AUTHORITY, "holds a certificate that is not a CA's", remedy)
            return None
        if authority.not_valid_after_utc <= tree.now:
            tree.problem(AUTHORITY, f"expired on {authority.not_valid_after_utc:%Y-%m-%d}", remedy)
            return None
    return found


def _trusted(tree: Tree, names: tuple[str, ...], leaf: x509.Certificate, trusted: list[x509.Certificate]) -> None:
    """Connect in memory as the app's client would, so that OpenSSL judges names, chain and strength."""
    files = tree.root / CERTIFICATE, tree.root / KEY
    try:
        uncovered = [name for name in names if refusal(*files, name, pem([leaf]))[0] == _HOSTNAME_MISMATCH]
        code, reason = refusal(*files, names[0], pem(trusted))
    except ssl.SSLError as error:
        remedy = "provide an ECDSA P-256 or RSA 2048 certificate"
        tree.problem(CERTIFICATE, f"cannot be served ({error.reason})", remedy)
        return
    if uncovered:
        remedy = f"provide one for {' and '.join(names)}, or a wildcard for both"
        tree.problem(CERTIFICATE, f"does not cover {' and '.join(uncovered)}", remedy)
    if code in _UNKNOWN_ISSUER:
        by = "ca.crt" if trusted else "anyone whom the public trusts"
        remedy = "add the intermediate certificates to it, or put the private CA that signed it in provided/ca.crt"
        tree.problem(CERTIFICATE, f"is not signed by {by}", remedy)
    elif code not in (0, _HOSTNAME_MISMATCH):
        tree.problem(CERTIFICATE, f"a strict client refuses it ({reason})", "provide one that follows RFC 5280")


def refusal(certificate: Path, key: Path, name: str, trusted: bytes) -> tuple[int, str]:
    """OpenSSL's code and words for refusing the certificate under `name`; (0, "") when a client accepts it.

    `trusted` stand beside the public authorities. Raises ssl.SSLError when no server can use the files.
    """
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate, key)
    client_side = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_side.hostname_checks_common_name = False
    # Python's defaults since 3.13, which the app's client has.
    client_side.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    client_side.load_default_certs()
    if trusted:
        client_side.load_verify_locations(cadata=trusted.decode("ascii"))
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_side.wrap_bio(to_client, to_server, server_hostname=name)
    server = server_side.wrap_bio(to_server, to_client, server_side=True)
    try:
        for side in (client, server, client):
            with suppress(ssl.SSLWantReadError):
                side.do_handshake()
    except ssl.SSLCertVerificationError as error:
        return error.verify_code, error.verify_message
    return 0, ""
