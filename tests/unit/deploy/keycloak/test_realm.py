"""The wanted state follows the settings, and allows the code flow with PKCE alone."""

from __future__ import annotations

import json

import pytest

from deploy.keycloak import realm
from deploy.keycloak.settings import Settings


@pytest.mark.parametrize(
    ("settings", "app"),
    [
        (Settings(), "https://app.localhost:8443"),
        (Settings(domain="apps.example.com", port=443), "https://app.apps.example.com"),
    ],
)
def test_client_has_the_urls_of_the_settings_and_no_other(settings: Settings, app: str) -> None:
    client = realm.client(settings, "secret")
    assert client["redirectUris"] == [f"{app}/oauth2callback"]
    assert client["attributes"]["backchannel.logout.url"] == f"{app}/auth/backchannel-logout"
    urls = [client[key] for key in ("rootUrl", "adminUrl", "baseUrl")]
    urls += client["attributes"]["post.logout.redirect.uris"].split("##")
    assert all(url == app or url.startswith(f"{app}/") for url in urls)
    assert "*" not in json.dumps(client)


def test_every_flow_but_the_code_flow_is_off() -> None:
    client = realm.client(Settings(), "secret")
    flows = {key for key, value in client.items() if value is True and key.endswith(("Enabled", "Allowed"))}
    assert flows == {"standardFlowEnabled"}
    assert not client["publicClient"]
    assert client["attributes"]["pkce.code.challenge.method"] == "S256"


def test_names_come_from_the_settings() -> None:
    settings = Settings(app_name="desk", realm="company")
    assert realm.realm(settings)["realm"] == "company"
    assert realm.client(settings, "secret")["clientId"] == "desk"
    assert "displayName" not in realm.realm(settings), "the operator's"
    assert realm.realm(Settings(app_title="Purchases"))["displayName"] == "Purchases"
    roles, groups = realm.mappers(settings)
    assert roles["config"]["usermodel.clientRoleMapping.clientId"] == "desk"
    assert (roles["config"]["claim.name"], groups["config"]["claim.name"]) == ("roles", "groups")


def test_a_new_realm_starts_with_all_that_is_owned() -> None:
    assert realm.first(Settings()).items() >= realm.realm(Settings()).items()
    assert realm.POLICY["sslRequired"] == "all"
    assert realm.POLICY["bruteForceProtected"]
    assert not realm.POLICY["registrationAllowed"]


def test_master_stays_reachable_from_its_own_container() -> None:
    assert "sslRequired" not in realm.MASTER
    # Its pages are Keycloak's own, and have scripts inside.
    assert "browserSecurityHeaders" not in realm.MASTER
    assert realm.MASTER["failureFactor"] == realm.POLICY["failureFactor"]
