"""Every secret file: where it lies, who reads it, what it is, and which files are copies of one value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

# The user that each consumer's image runs as; a folder's files belong to it and are mounted into that service alone.
UIDS = {
    "ca": 0,
    "provided": 0,
    "acme": 10004,
    "nginx": 101,
    "postgres": 999,
    "roles": 999,
    "migrate": 10003,
    "app": 10001,
    "keycloak": 1000,
    "reconcile": 10002,
    "operator": 0,
    "demo": 10002,
}

# A database login, and the folder of whoever signs in with its password. Postgres itself gets only the verifier.
LOGINS = {
    "app_a": "app",
    "app_b": "operator",
    "gate": "app",
    "gate_migrator": "migrate",
    "migrator": "migrate",
    "readonly": "operator",
    "monitor": "operator",
    "keycloak": "keycloak",
}

# A random value, and the folders that hold a copy of it.
TOKENS = {
    "client_secret": ("app", "reconcile"),
    "cookie_secret": ("app",),
    "session_key": ("app",),
    "bootstrap_secret": ("keycloak", "reconcile"),
    "operator_secret": ("reconcile",),
}

DATABASE_CA_READERS = ("migrate", "app", "keycloak")
ISSUER_CA_READERS = ("app", "keycloak")


class Kind(Enum):
    """What a file holds; decides when it is malformed."""

    RANDOM = "random value"
    VERIFIER = "SCRAM-SHA-256 verifier"
    KEY = "private key"
    CERTIFICATE = "certificate"
    SETTINGS = "TOML file"
    GIVEN = "password of another's"


@dataclass(frozen=True)
class Secret:
    """One file. `value` names what is in it: files with the same one are copies."""

    path: str
    kind: Kind
    value: str
    optional: bool = False

    @property
    def uid(self) -> int:
        """The only user that may read the file."""
        return uid(self.path)


def uid(path: str) -> int:
    """The owner of a file or folder, given relative to the tree."""
    return UIDS[path.partition("/")[0]]


def authority(name: str) -> str:
    """The folder of a certificate authority: `internal`, or the DOMAIN that it is constrained to."""
    return f"ca/{name}"


def authority_remedy(folder: str) -> str:
    """How to mend an authority: a new one must be trusted anew by whoever trusted the old one."""
    again = "" if folder == authority("internal") else ", then make trust"
    return f"restore it from a backup, or remove secrets/{folder} and start again{again}"


def folders(domain: str) -> tuple[str, ...]:
    """Every folder, parents first."""
    return (*UIDS, authority("internal"), authority(domain))


def inventory(domain: str) -> tuple[Secret, ...]:
    """Every file that prepare makes, for this DOMAIN."""
    random = [Secret(f"{folder}/{name}", Kind.RANDOM, name) for name, readers in TOKENS.items() for folder in readers]
    passwords = [
        Secret(f"{folder}/{login}_password", Kind.RANDOM, f"{login}_password") for login, folder in LOGINS.items()
    ]
    verifiers = [Secret(f"roles/{login}.verifier", Kind.VERIFIER, f"{login}.verifier") for login in LOGINS]
    authorities = [
        Secret(f"{authority(name)}/ca.{suffix}", kind, f"{name}_ca.{suffix}")
        for name in ("internal", domain)
        for suffix, kind in (("key", Kind.KEY), ("crt", Kind.CERTIFICATE))
    ]
    leaves = [
        Secret(f"{path}.{suffix}", kind, f"{path}.{suffix}")
        for path in ("postgres/server", "nginx/tls")
        for suffix, kind in (("key", Kind.KEY), ("crt", Kind.CERTIFICATE))
    ]
    trusted = [
        *(Secret(f"{folder}/database_ca.crt", Kind.CERTIFICATE, "internal_ca.crt") for folder in DATABASE_CA_READERS),
        *(Secret(f"{folder}/issuer_ca.crt", Kind.CERTIFICATE, "issuer_ca.crt") for folder in ISSUER_CA_READERS),
    ]
    # Copies of what the operator provides. Account key, certificate and state are the job's own in its folder.
    copies = [
        Secret("app/author.toml", Kind.SETTINGS, "author", optional=True),
        Secret("roles/administrator", Kind.GIVEN, "administrator", optional=True),
        Secret("acme/acme.toml", Kind.SETTINGS, "acme", optional=True),
        Secret("acme/ca.crt", Kind.CERTIFICATE, "acme_ca", optional=True),
    ]
    return (*random, *passwords, *verifiers, *authorities, *leaves, *trusted, *copies)
