"""Two identity providers outside the stack, google- and microsoft-named: realms of a Keycloak, shaped like them."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from joserfc.jwk import RSAKey
from testcontainers.core.container import DockerContainer

from deploy.keycloak.access import BOOTSTRAP
from deploy.keycloak.admin import Admin, ServiceAccount, connect
from deploy.prepare import certificates
from integration.keycloak.identity import Identity
from integration.postgres.server import Server, prepare
from support.command import ROOT
from support.http import LoopbackTransport, tls_context
from support.ports import free_port
from support.waiting import until

if TYPE_CHECKING:
    from playwright.sync_api import Page

DOMAIN = "login.gate.test"
HOST = f"id.{DOMAIN}"
PEOPLE = {
    "ann": {"email": "ann@company.com", "emailVerified": True},
    "bob": {"email": "bob@company.com", "emailVerified": True},
    "eve": {"email": "eve@company.com.example", "emailVerified": True},
    "mallory": {"email": "mallory@company.com", "emailVerified": False},
}
ROLES = [f"role-{number:03}" for number in range(100)]
"""Those of bob: his claims are large."""


class Providers:
    """Keycloak, and a front that shapes its answers. `password` is everybody's."""

    def __init__(self, name: str, folder: Path) -> None:
        """Args: name: of the project that labels all containers. folder: for secrets and certificates."""
        folder.mkdir()
        prepare(folder / "secrets")
        self.port, self.password, self.client_secret = free_port(), secrets.token_urlsafe(16), secrets.token_urlsafe(32)
        self.url = f"https://{HOST}:{self.port}"
        self._folder = folder
        self._database = Server(name, folder / "secrets")
        self._identity: Identity
        self._admin: Admin
        self._front: DockerContainer | None = None
        self._stack = ExitStack()
        self._keys: dict[str, RSAKey] = {}

    @property
    def ca(self) -> Path:
        """Certificate of the authority behind the front's."""
        return self._folder / "ca.crt"

    def start(self) -> None:
        """Start Keycloak and the front, and wait until they answer."""
        self._database.start()
        self._database.roles()
        self._identity = Identity(self._database)
        self._identity.keycloak.with_envs(DOMAIN=DOMAIN, PORT=str(self.port))
        self._identity.start()
        http = self._stack.enter_context(connect(f"http://{self._identity.address}:8080", self.url, patience=10))
        self._admin = Admin(http, "master", ServiceAccount(BOOTSTRAP, self._identity.secret("bootstrap_secret")))
        self._front = self._started_front()
        until(self._answers, 30)

    def remove(self) -> None:
        """Remove containers and volumes."""
        self._stack.close()
        if self._front:
            self._front.stop()
        self._database.remove()

    def join(self, network: str) -> None:
        """Let the containers on `network` reach the providers by their public name."""
        assert self._front
        client = self._front.get_docker_client().client
        client.networks.get(network).connect(self._front.get_wrapped_container(), aliases=[HOST])

    def leave(self, network: str) -> None:
        """Undo `join`, or the network could not be removed."""
        assert self._front
        client = self._front.get_docker_client().client
        client.networks.get(network).disconnect(self._front.get_wrapped_container())

    def issuer(self, realm: str) -> str:
        """The issuer of a realm."""
        return f"{self.url}/realms/{realm}"

    def add(self, realm: str, *redirects: str, **client: object) -> None:
        """Make a realm with its people and the client `app`; `client` holds more attributes of it.

        Args:
            realm: its name.
            redirects: where its answers may go.
            client: attributes of the client, such as use_refresh_tokens="false".
        """
        assert self._front
        address = self._front.get_wrapped_container().attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
        attributes = {
            "pkce.code.challenge.method": "S256",
            "post.logout.redirect.uris": "+",
            "backchannel.logout.url": f"http://{address}:8081/told/{realm}",
            "backchannel.logout.session.required": "true",
            **{name.replace("_", "."): value for name, value in client.items()},
        }
        origins = {httpx.URL(url).copy_with(path="/auth/signed-out") for url in redirects}
        credentials = [{"type": "password", "value": self.password, "temporary": False}]
        self._admin.of("").post(
            "",
            {
                "realm": realm,
                "enabled": True,
                "roles": {"realm": [{"name": role} for role in ROLES]},
                "clients": [
                    {
                        "clientId": "app",
                        "secret": self.client_secret,
                        "redirectUris": [*redirects, *map(str, origins)],
                        "attributes": attributes,
                        "defaultClientScopes": ["basic", "profile"],
                        "optionalClientScopes": ["email"],
                        "protocolMappers": _mappers(),
                    }
                ],
                "users": [
                    {
                        "username": name,
                        "firstName": name.capitalize(),
                        "lastName": realm.capitalize(),
                        "enabled": True,
                        "credentials": credentials,
                        "realmRoles": ROLES if name == "bob" else [],
                        **about,
                    }
                    for name, about in PEOPLE.items()
                ],
            },
        )

    def admin(self, realm: str) -> Admin:
        """The realm's Admin REST."""
        return self._admin.of(realm)

    def fill_in(self, page: Page, name: str) -> None:
        """Sign in as somebody at the form that `page` shows."""
        page.get_by_label("Username or email").fill(name)
        page.get_by_role("textbox", name="Password").fill(self.password)
        page.get_by_role("button", name="Sign In").click()

    def user(self, realm: str, name: str) -> str:
        """The subject of somebody's account."""
        found = self.admin(realm).one("/users", username=name, exact="true")
        assert found
        return str(found["id"])

    def key(self, realm: str) -> RSAKey:
        """A signing key of the realm's that the tests hold too: what it signs is genuine but for what it says."""
        if realm not in self._keys:
            made = RSAKey.generate_key(2048)
            config = {"privateKey": [made.as_pem(private=True).decode()], "priority": ["-1"], "algorithm": ["RS256"]}
            body = {"name": "tests", "providerId": "rsa", "providerType": "org.keycloak.keys.KeyProvider"}
            self.admin(realm).post("/components", body | {"config": config})
            own = made.as_dict(private=False)
            published = self._ask("GET", f"/realms/{realm}/protocol/openid-connect/certs")["keys"]
            (kid,) = [key["kid"] for key in published if key.get("n") == own["n"]]
            self._keys[realm] = RSAKey.import_key(made.as_pem(private=True), {"kid": kid})
        return self._keys[realm]

    def logout_tokens(self, realm: str) -> list[str]:
        """What the realm has posted to the app's back-channel, oldest first."""
        told: list[str] = self._ask("GET", f"/told/{realm}")
        return told

    def hold(self, kind: str) -> None:
        """From now on keep back the answers to token requests with this grant_type."""
        self._ask("POST", f"/held/{kind}")

    def answered(self, kind: str) -> bool:
        """Whether the provider has answered such a request since `hold`."""
        return bool(self._ask("GET", f"/held/{kind}")["arrived"])

    def delivered(self, kind: str) -> bool:
        """Whether such an answer has gone on to the app since `hold`."""
        return bool(self._ask("GET", f"/held/{kind}")["delivered"])

    def release(self, kind: str) -> None:
        """Let what is kept back go, and all that follows."""
        self._ask("DELETE", f"/held/{kind}")

    def _ask(self, method: str, path: str) -> Any:  # noqa: ANN401 - JSON
        with httpx.Client(transport=LoopbackTransport(tls_context(self.ca)), timeout=30) as http:
            return http.request(method, self.url + path).raise_for_status().json()

    def _answers(self) -> bool:
        try:
            with httpx.Client(transport=LoopbackTransport(tls_context(self.ca)), timeout=30) as http:
                return http.get(f"{self.url}/realms/master").is_success
        except httpx.TransportError:
            return False

    def _started_front(self) -> DockerContainer:
        now, key, folder = datetime.now(UTC), certificates.new_key(), self._folder / "front"
        authority = certificates.Pair(key, certificates.new_authority(key, DOMAIN, now))
        leaf = certificates.new_leaf(authority, (HOST,), now)
        folder.mkdir()
        self.ca.write_bytes(certificates.certificate_pem(authority.certificate))
        (folder / "front.crt").write_bytes(certificates.certificate_pem(leaf.certificate))
        (folder / "front.key").write_bytes(certificates.key_pem(leaf.key))
        front = DockerContainer(f"gatehouse-tools:{os.environ.get('TAG', 'local')}")
        front.with_envs(KEYCLOAK=self._identity.address, HOST=HOST, PORT=str(self.port))
        front.with_volume_mapping(folder, "/run/front", "ro")
        front.with_volume_mapping(ROOT / "tests/support/provider_front.py", "/srv/front.py", "ro")
        front.with_command(["python", "/srv/front.py"])
        front.ports[f"{self.port}/tcp"] = ("127.0.0.1", self.port)  # type: ignore[assignment]
        front.with_kwargs(labels=self._database.labels, network="bridge")
        started = front.start()
        started.get_wrapped_container().reload()
        return started


def _mappers() -> list[dict[str, object]]:
    told = {"id.token.claim": "true", "access.token.claim": "true", "userinfo.token.claim": "true"}
    roles = {"claim.name": "roles", "multivalued": "true", "jsonType.label": "String", **told}
    email = {"claim.name": "email", "user.attribute": "email", "jsonType.label": "String", **told}
    made = (("roles", "oidc-usermodel-realm-role-mapper", roles), ("email", "oidc-usermodel-attribute-mapper", email))
    return [{"name": n, "protocol": "openid-connect", "protocolMapper": m, "config": c} for n, m, c in made]


def auth_tables(providers: Providers, realms: Mapping[str, str], verify: str) -> str:
    """The [auth.<name>] tables, as an author writes them.

    Args:
        providers: whose realms.
        realms: name of the realm by name of the table.
        verify: path of the providers' authority, as the app sees it.
    """
    tables = []
    for name, realm in realms.items():
        # Microsoft tells no email_verified, which in Keycloak belongs to the scope.
        scope, trusted = (
            ("openid profile", "email_trusted = true") if realm == "microsoft" else ("openid email profile", "")
        )
        tables.append(
            f"""[auth.{name}]
client_id = "app"
client_secret = {json.dumps(providers.client_secret)}
server_metadata_url = "{providers.issuer(realm)}/.well-known/openid-configuration"
client_kwargs = {{ scope = "{scope}", verify = "{verify}" }}
{trusted}
"""
        )
    return "\n".join(tables)
