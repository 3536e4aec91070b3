"""A job with a wrong secret or setting, or without Keycloak: one line that names it and the remedy."""

from __future__ import annotations

import pytest

from integration.keycloak.identity import Identity

SPOILT = "/tmp/spoilt"  # noqa: S108 -- the container's


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        ("rm -f client_secret", "client_secret: missing; "),
        ("rm -f operator_secret; touch operator_secret", "operator_secret: empty; "),
        ("rm -f client_secret; echo not-what-prepare-writes > client_secret", "client_secret: malformed; "),
        ("chmod 0440 operator_secret", "operator_secret: too open, mode 0440; chmod 0400 "),
        ("rm -f client_secret; mkdir client_secret", "client_secret: not a plain file; "),
        ("mv client_secret x; ln -s x client_secret", "client_secret: cannot be read, "),
        ("mv client_secret x; mkfifo -m 0400 client_secret", "client_secret: not a plain file; "),
    ],
)
def test_bad_secret(identity: Identity, spoil: str, cause: str) -> None:
    identity.shell(
        f"umask 077; rm -rf {SPOILT}; cp -a /run/secrets {SPOILT}; chmod 0700 {SPOILT}; cd {SPOILT}; {spoil}"
    )
    line = identity.refused("reconcile", SECRETS_DIR=SPOILT)
    assert line.startswith(f"secrets/reconcile/{cause}")
    assert "not-what-prepare-writes" not in line


@pytest.mark.parametrize(
    ("word", "environment", "cause"),
    [
        ("reconcile", {"DOMAIN": "Gate.Test"}, "DOMAIN='Gate.Test': "),
        ("reconcile", {"KEYCLOAK_URL": "http://127.0.0.1:9", "KEYCLOAK_PATIENCE": "1"}, "Keycloak at http://127.0.0.1"),
        ("users list", {"PORT": "0"}, "PORT='0': "),
    ],
)
def test_bad_setting(identity: Identity, word: str, environment: dict[str, str], cause: str) -> None:
    assert identity.refused(*word.split(), **environment).startswith(cause)
