"""Reconcile mends all that it owns, leaves alone what is the operator's, and moves with DOMAIN and PORT."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from deploy.keycloak.admin import Admin
from integration.keycloak.identity import NOTHING, Identity
from integration.keycloak.person import Person

Someone = Callable[[], Person]
MOVED = {"DOMAIN": "gate.test", "PORT": "443"}
PARTNER = {"authorizationUrl": "https://p.example/a", "tokenUrl": "https://p.example/t", "clientId": "x"}
SITE = {"claim.name": "site", "claim.value": "north", "jsonType.label": "String", "id.token.claim": "true"}


def client(admin: Admin, name: str = "app") -> dict[str, Any]:
    found = admin.one("/clients", clientId=name)
    assert found
    return found


def sorted_lists(value: Any) -> Any:  # noqa: ANN401 -- JSON
    """The same with its lists in one order: Keycloak gives sets as lists, in any order."""
    if isinstance(value, dict):
        return {key: sorted_lists(item) for key, item in value.items()}
    return sorted(map(sorted_lists, value), key=repr) if isinstance(value, list) else value


def test_all_that_is_owned_is_mended(identity: Identity, person: Someone) -> None:
    with identity.admin() as admin:
        app = client(admin)
        path = f"/clients/{app['id']}"
        weak = {"pkce.code.challenge.method": "", "backchannel.logout.url": "https://evil.example/"}
        opened = {"redirectUris": ["https://evil.example/*"], "directAccessGrantsEnabled": True, "secret": "guessable"}
        admin.put(path, app | opened | {"attributes": app["attributes"] | weak})
        admin.put("", {"bruteForceProtected": False, "passwordPolicy": "length(1)", "eventsListeners": []})
        mappers = {mapper["name"]: mapper for mapper in admin.get(f"{path}/protocol-mappers/models")}
        admin.delete(f"{path}/protocol-mappers/models/{mappers['roles']['id']}")
        groups = mappers["groups"] | {"config": mappers["groups"]["config"] | {"claim.name": "teams"}}
        admin.put(f"{path}/protocol-mappers/models/{groups['id']}", groups)
        scopes = {scope["name"]: scope["id"] for scope in admin.get("/client-scopes")}
        admin.delete(f"{path}/default-client-scopes/{scopes['email']}")
        admin.put(f"{path}/optional-client-scopes/{scopes['offline_access']}")
        admin.put(f"/clients/{client(admin, 'security-admin-console')['id']}", {"enabled": True})
    names = ["secret", "directAccessGrantsEnabled", "redirectUris", *(f"attributes.{name}" for name in weak)]
    assert sorted(identity.reconcile().splitlines()) == [
        "client app: default scopes changed",
        "client app: optional scopes changed",
        f"client app: {', '.join(names)} changed",
        "client security-admin-console: enabled changed",
        "mapper groups: config.claim.name changed",
        "mapper roles: created",
        "realm apps: bruteForceProtected, passwordPolicy, eventsListeners changed",
    ]
    assert identity.reconcile() == NOTHING
    assert person().gets_in("sam", identity.demo_password("sam"))


@pytest.fixture
def operators_own(identity: Identity) -> Iterator[Callable[[], list[object]]]:
    """What an operator adds beside the product: a user, a client, a mapper, a partner, mail; gives its state."""
    adding = ["opal", "--email", "opal@corp.example", "--name", "Opal Own", "--role", "auditor", "--group", "Audit"]
    identity.users("add", *adding)
    with identity.admin() as admin:
        app = f"/clients/{client(admin)['id']}"
        mapper = {"name": "site", "protocol": "openid-connect", "protocolMapper": "oidc-hardcoded-claim-mapper"}
        site = admin.post(f"{app}/protocol-mappers/models", mapper | {"config": SITE})
        reports = admin.post("/clients", {"clientId": "reports", "redirectUris": ["https://reports.example/*"]})
        partner = {"alias": "partner", "providerId": "oidc", "config": PARTNER}
        admin.post("/identity-provider/instances", partner)
        before = {key: admin.get("")[key] for key in ("rememberMe", "smtpServer")}
        admin.put("", {"rememberMe": True, "smtpServer": {"host": "mail.corp.example", "from": "it@corp.example"}})
        opal, audit = admin.get("/users", username="opal")[0]["id"], admin.get("/groups", search="Audit")[0]["id"]
        rows = [f"/users/{opal}", f"/clients/{reports}", f"{app}/protocol-mappers/models/{site}", f"/groups/{audit}"]
        rows += [f"{app}/roles/auditor", "/identity-provider/instances/partner"]

        def state() -> list[object]:
            belongings = [f"/users/{opal}/groups", f"/users/{opal}/role-mappings", "/components", "/client-scopes"]
            realm = admin.get("")
            found = [admin.get(path) for path in rows + belongings]
            return [*map(sorted_lists, found), realm["rememberMe"], realm["smtpServer"]]

        yield state
        for row in rows:
            admin.delete(row)
        admin.put("", before)


def test_what_is_the_operators_stays(identity: Identity, operators_own: Callable[[], list[object]]) -> None:
    before = operators_own()
    assert identity.reconcile() == NOTHING
    assert operators_own() == before
    identity.reconcile(**MOVED)
    identity.reconcile()
    assert operators_own() == before


def test_another_domain_moves_the_client_and_ends_the_demo(identity: Identity) -> None:
    names = ["audra", "finn", "ivan", "mia", "noor", "priya", "sam"]
    with identity.admin() as admin:
        before = {user["username"]: user["id"] for user in admin.all("/users")}
        try:
            said = identity.reconcile(**MOVED)
            assert all(f"demo user {name}: deleted" in said for name in names)
            assert not {user["username"] for user in admin.all("/users")} & set(names)
            assert not admin.allowed("/roles/gatehouse-demo")
            assert list((identity.secrets / "demo").iterdir()) == []
            assert client(admin)["redirectUris"] == ["https://app.gate.test/oauth2callback"]
            assert "localhost" not in str(client(admin))
            assert identity.reconcile(**MOVED) == NOTHING
        finally:
            identity.reconcile()
        after = {user["username"]: user["id"] for user in admin.all("/users")}
    assert after == before, "the same ids: seeded rows are theirs again"
