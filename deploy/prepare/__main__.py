"""Make what is missing of secrets and certificates, validate the rest: `python -m deploy.prepare`.

Exits 1, having changed no file, when anything that exists is wrong; every problem has a line of its own.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

from deploy.prepare import issue, secrets
from deploy.prepare.acme import obtained
from deploy.prepare.certificates import certificate_pem
from deploy.prepare.files import Tree, UnusableTreeError
from deploy.prepare.inventory import DATABASE_CA_READERS, ISSUER_CA_READERS, inventory
from deploy.prepare.provided import provided
from deploy.prepare.settings import InvalidSettingsError, Settings, load


def prepare(settings: Settings, now: datetime) -> Tree:
    """Inspect the whole tree, then apply what is missing, unless there is a problem. Raises UnusableTreeError."""
    tree = Tree(settings.SECRETS_DIR, now)
    with tree.locked():
        tree.make_folders(settings.DOMAIN)
        tree.found = {secret.path: secrets.read(tree, secret) for secret in inventory(settings.DOMAIN)}
        secrets.values(tree)
        secrets.author(tree)
        secrets.administrator(tree)
        _certificates(tree, settings)
        if not tree.problems:
            tree.apply()
    return tree


def _certificates(tree: Tree, settings: Settings) -> None:
    if internal := issue.authority(tree, "internal", "postgres"):
        issue.leaf(tree, "postgres/server", internal, ("postgres",))
        database = settings.DATABASE_CA.encode() or certificate_pem(internal.certificate)
        issue.follow(tree, DATABASE_CA_READERS, "database_ca.crt", database)
    by_acme = obtained(tree, settings)
    own = by_acme if settings.ACME else provided(tree, settings.names)
    if front := issue.authority(tree, settings.DOMAIN, settings.DOMAIN):
        if own and own.chain:
            source = "got by ACME" if by_acme else "taken from secrets/provided"
            issue.take(tree, "nginx/tls", own.key, own.chain, source)
        else:
            issue.leaf(tree, "nginx/tls", front, settings.names)
        # Beside a certificate that the public trusts stands the local authority, so that the file is always there.
        # With ACME both: nginx begins with the local one's certificate, and goes back to it when there is no other.
        local = certificate_pem(front.certificate)
        issuer = own.authority if own and own.authority else local
        if by_acme and by_acme.authority:
            issuer = local + by_acme.authority
        issue.follow(tree, ISSUER_CA_READERS, "issuer_ca.crt", issuer)


def main() -> int:
    """Run once, tell what was made, and return the exit code."""
    os.umask(0o077)
    try:
        tree = prepare(load(), datetime.now(UTC).replace(microsecond=0))
    except (InvalidSettingsError, UnusableTreeError) as reason:
        print(reason, file=sys.stderr)
        return 1
    except OSError as error:  # a disk that fails under our hands
        print(f"{error.filename or 'secrets'}: {error.strerror}; mend that, then start again", file=sys.stderr)
        return 1
    for warning in tree.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if tree.problems:
        print(*tree.problems, sep="\n", file=sys.stderr)
        return 1
    print(*(tree.notes or ["nothing to do"]), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
