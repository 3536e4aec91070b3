"""Secrets as versioned objects of the cluster: one that changed gets a new name, since Swarm's never change."""

from __future__ import annotations

import hmac
from hashlib import sha256
from pathlib import Path

from deploy.cluster.docker import Docker
from deploy.cluster.errors import ClusterError
from deploy.cluster.preflight import ORIGIN
from deploy.cluster.stack import Mounted
from deploy.prepare.inventory import inventory

SENT = ("nginx", "postgres", "roles", "migrate", "app", "keycloak", "reconcile")
"""Folders whose files leave this machine. The authorities' keys and the passwords of people stay."""

# The jobs speak through the front door in a rollout, and to a database outside, and must know whom to trust.
BORROWED = {("reconcile", "issuer_ca.crt"): "app", ("roles", "database_ca.crt"): "app"}
"""Files that a folder has on the cluster alone, and the folder that they come from."""


def origin(folder: Path) -> str:
    """What tells one environment's secrets from another's: of a public certificate, so it gives nothing away."""
    return sha256((folder / "ca/internal/ca.crt").read_bytes()).hexdigest()[:32]


def names(folder: Path, domain: str) -> dict[str, dict[str, str]]:
    """The name of each secret on the cluster. It has a part that changes with the content and tells nothing of it."""
    key = (folder / "ca/internal/ca.key").read_bytes()
    found: dict[str, dict[str, str]] = {}
    for secret in inventory(domain):
        place, _, file = secret.path.partition("/")
        if place not in SENT or (secret.optional and not (folder / secret.path).exists()):
            continue
        version = hmac.new(key, secret.path.encode() + (folder / secret.path).read_bytes(), sha256).hexdigest()[:12]
        found.setdefault(place, {})[file] = f"gatehouse-{place}-{file}-{version}"
    for (place, file), source in BORROWED.items():
        found[place][file] = found[source][file]
    return found


def publish(docker: Docker, folder: Path, wanted: Mounted) -> int:
    """Create those that are missing; how many. Raises ClusterError."""
    there = set(docker.text("secret", "ls", "--format", "{{.Name}}").splitlines())
    mark, made = origin(folder), 0
    for place, files in wanted.items():
        for file, name in files.items():
            if name in there:
                continue
            source = folder / BORROWED.get((place, file), place) / file
            docker.text(
                "secret", "create", "--label", f"{ORIGIN}={mark}", name, "-", stdin=source.read_text(encoding="utf-8")
            )
            there.add(name)
            made += 1
    return made


def missing(docker: Docker, wanted: Mounted) -> None:
    """Raise ClusterError for each that the cluster does not have."""
    there = set(docker.text("secret", "ls", "--format", "{{.Name}}").splitlines())
    gone = sorted({name for files in wanted.values() for name in files.values()} - there)
    if gone:
        raise ClusterError(
            *(f"secret {name}: is no longer on the cluster; deploy with the folder of secrets" for name in gone)
        )


def forget(docker: Docker, kept: set[str]) -> None:
    """Remove versions that no release needs any more. One in use can't be removed, and stays."""
    for name in docker.text("secret", "ls", "--filter", f"label={ORIGIN}", "--format", "{{.Name}}").splitlines():
        if name not in kept:
            docker.run("secret", "rm", name, check=False)
