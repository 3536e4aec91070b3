"""Where the job finds and keeps its files."""

from __future__ import annotations

from pathlib import Path

SECRETS = Path("/run/secrets")
ACCOUNT_KEY = SECRETS / "account.key"
HELD = SECRETS / "tls.pem"
"""Key and chain in one file, so that nobody ever reads one without the other."""
STATE = SECRETS / "state.json"
OPTIONS = SECRETS / "acme.toml"
AUTHORITY = SECRETS / "ca.crt"
"""The CA of a private authority; from secrets/provided."""
EGRESS_AUTHORITY = Path("/etc/gatehouse/egress-ca.crt")
CHALLENGES = Path("/run/acme")
"""What nginx shows under /.well-known/acme-challenge/."""
TEMPORARY = Path("/tmp")  # noqa: S108 -- the container's own, in memory
