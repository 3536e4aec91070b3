"""What the job `acme` has got: judged here, without a network, before it is handed to nginx.

Whatever is wrong with it is a warning, never a problem that stops a start: nginx then serves the local CA's.
"""

from __future__ import annotations

import ssl

from deploy.acme.options import parse
from deploy.prepare import certificates
from deploy.prepare.files import Tree
from deploy.prepare.inventory import uid
from deploy.prepare.provided import AUTHORITY, CERTIFICATE, KEY, PUBLIC, Provided, authorities, pem, refusal
from deploy.prepare.settings import Settings

OBTAINED = "acme/tls.pem"
SOURCE = "provided/acme.toml"


def obtained(tree: Tree, settings: Settings) -> Provided | None:
    """The certificate by ACME when it can be served; its `authority` is there in any case when there is a private one.

    None while ACME is not set, or when the problems are noted.
    """
    start = len(tree.problems)
    options = authority = None
    if settings.ACME:
        for path in (CERTIFICATE, KEY):
            if (tree.root / path).exists():
                tree.problem(path, "is there while ACME is set", "remove it to use ACME, or leave ACME out")
        options = _options(tree, settings)
        authority = tree.read(AUTHORITY, remedy="put the whole file there, or remove it", closed=PUBLIC)
    trusted = authorities(tree, authority) or []
    _copy(tree, "acme/acme.toml", options)
    _copy(tree, "acme/ca.crt", pem(trusted) or None)
    if not settings.ACME or len(tree.problems) > start:
        return None
    content = tree.read(OBTAINED, remedy="", owner=uid(OBTAINED))
    reason = "; ".join(tree.problems[start:])
    del tree.problems[start:]
    key = chain = b""
    if content:
        try:
            held = certificates.load_key(content)
            key, chain = certificates.key_pem(held), pem(certificates.load_certificates(content))
            reason = _unfit(tree, settings.names, chain, held) or _refused(tree, settings.names[0], pem(trusted))
        except (ValueError, ssl.SSLError):
            reason = "is not a whole key with its certificate"
    if reason:
        tree.warnings.append(f"secrets/{OBTAINED}: {reason}; the local CA's certificate is served meanwhile")
    return Provided(b"" if reason else key, b"" if reason else chain, pem(trusted) or None)


def _options(tree: Tree, settings: Settings) -> bytes | None:
    content = tree.read(SOURCE, remedy="fill it, or remove it")
    try:
        dns = parse(content).dns if content else None
    except ValueError as wrong:
        tree.problem(SOURCE, str(wrong), "docs/operating.md shows one")
        return None
    if settings.ACME_CHALLENGE == "dns-01" and dns is None and SOURCE not in tree.faulty:
        needs = "[dns] with server, key_name and key_secret is missing"
        tree.problem(SOURCE, f"{needs}, which ACME_CHALLENGE=dns-01 needs", "docs/operating.md shows one")
    return content


def _copy(tree: Tree, target: str, content: bytes | None) -> None:
    if content is None and tree.found[target] is not None:
        tree.removals.append(target)
    elif content is not None and content != tree.found[target]:
        tree.stage(target, content)


def _unfit(tree: Tree, names: tuple[str, ...], chain: bytes, key: certificates.SigningKey) -> str:
    leaf, *_ = certificates.load_certificates(chain)
    if not certificates.pairs(key, leaf):
        return "key and certificate do not belong together"
    if leaf.not_valid_after_utc <= tree.now:
        return f"ended on {leaf.not_valid_after_utc:%Y-%m-%d}"
    file = tree.root / OBTAINED
    # Trusting the leaf itself, so that its names alone are judged.
    uncovered = [name for name in names if refusal(file, file, name, chain)[0]]
    return f"is not for {' and '.join(uncovered)}" if uncovered else ""


def _refused(tree: Tree, name: str, trusted: bytes) -> str:
    file = tree.root / OBTAINED
    code, said = refusal(file, file, name, trusted)
    remedy = "provided/ca.crt needs the CA that signed it" if trusted else "a private CA belongs into provided/ca.crt"
    return f"a client would refuse it ({said}): {remedy}" if code else ""
