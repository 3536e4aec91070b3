"""The realm that the product keeps: once more changes nothing, drift is mended, and its client can do no more."""

from __future__ import annotations

from typing import Any

import httpx

from support.stack import Stack

# Runs in a reconcile container, with its secrets and its network: Admin REST is not reachable from elsewhere.
TOUCH = """
import json, sys
from deploy.keycloak import access, settings
from deploy.keycloak.admin import connect
options = settings.load()
with connect(options.keycloak_url, options.id_url, 10) as http:
    admin = access.operator(http, options)
    {body}
"""


def touch(stack: Stack, body: str) -> str:
    script = TOUCH.replace("{body}", body.replace("\n", "\n    "))
    return stack.job("reconcile", "python", "-c", script).stdout


def reconcile(stack: Stack) -> str:
    return stack.job("reconcile").stdout.strip()


def test_again_changes_nothing(stack: Stack) -> None:
    assert reconcile(stack) == "nothing to change"


def test_drift_is_mended_and_said(stack: Stack) -> None:
    touch(
        stack,
        "client = admin.one('/clients', clientId='app')\n"
        "changed = {'redirectUris': ['https://evil.example/*'], 'directAccessGrantsEnabled': True}\n"
        "admin.put(f\"/clients/{client['id']}\", client | changed)",
    )
    said = reconcile(stack)
    assert "redirectUris" in said
    assert "directAccessGrantsEnabled" in said
    assert reconcile(stack) == "nothing to change"


def test_what_an_operator_made_is_left_alone(stack: Stack) -> None:
    mail: dict[str, Any] = {"host": "mail.example.com", "from": "it@example.com"}
    touch(
        stack,
        "admin.post('/users', {'username': 'own', 'enabled': True, 'email': 'own@example.com'})\n"
        f"admin.put('', admin.get('') | {{'smtpServer': {mail!r}}})",
    )
    assert reconcile(stack) == "nothing to change"
    kept = touch(stack, "print(admin.get('')['smtpServer'], admin.one('/users', username='own')['email'])")
    assert "mail.example.com" in kept
    assert "own@example.com" in kept


def test_operator_client_manages_one_realm_alone(stack: Stack) -> None:
    allowed = touch(stack, "print(admin.allowed('/users'), admin.of('master').allowed('/users'))")
    assert allowed.split() == ["True", "False"]


def test_temporary_admin_is_gone(stack: Stack) -> None:
    """Its secret, which was in Keycloak's start, opens nothing any more."""
    secret = (stack.secrets / "reconcile" / "bootstrap_secret").read_text(encoding="utf-8").strip()
    said = stack.job(
        "reconcile",
        "python",
        "-c",
        "import httpx, sys; print(httpx.post('http://keycloak:8080/realms/master/protocol/openid-connect/token',"
        " headers={'X-Forwarded-Proto': 'https'}, data={'grant_type': 'client_credentials'},"
        " auth=('gatehouse-bootstrap', open('/run/secrets/bootstrap_secret').read().strip())).status_code)",
    ).stdout
    assert secret
    assert int(said) == httpx.codes.UNAUTHORIZED
