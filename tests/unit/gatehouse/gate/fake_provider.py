"""An identity provider without a network: what it answers is the test's to bend."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import parse_qs

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey
from joserfc.jws import JWSRegistry

from gatehouse.gate.attempts import Attempt
from gatehouse.gate.client import Client
from gatehouse.gate.discovery import Discovery
from gatehouse.gate.providers import Provider, read_providers

ISSUER = "https://id.test/realms/apps"
REDIRECT = "https://app.test/oauth2callback"
RSA = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
EC = ECKey.generate_key("P-256", {"kid": "two", "use": "sig"})

ATTEMPT = Attempt("default", "/", fresh=False, state="the-state", nonce="the-nonce", verifier="v" * 43)

T = TypeVar("T")


def sign(claims: dict[str, Any], key: Key = RSA, alg: str = "RS256", **header: Any) -> str:  # noqa: ANN401
    head = {"alg": alg, "kid": key.kid, **header}
    head = {name: value for name, value in head.items() if value is not None}
    return jwt.encode(head, claims, key, registry=JWSRegistry(algorithms=[alg], strict_check_header=False))


def id_claims(**changed: Any) -> dict[str, Any]:  # noqa: ANN401
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": "ada", "aud": "app", "iat": now, "exp": now + 300, "nonce": "the-nonce", **changed}
    return {name: value for name, value in claims.items() if value is not None}


def provider(**changed: object) -> Provider:
    table = {
        "client_id": "app",
        "client_secret": "s3cret",
        "server_metadata_url": f"{ISSUER}/.well-known/openid-configuration",
        **changed,
    }
    return read_providers(table, "secrets.toml")["default"]


class FakeProvider:
    """Answers as an ordinary provider would. `answers` replaces what stands at a path; `asked` keeps all requests."""

    def __init__(self) -> None:
        self.metadata: dict[str, Any] = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/auth",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/certs",
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
        }
        self.keys: list[Key] = [RSA]
        self.tokens: dict[str, Any] = {"access_token": "access", "refresh_token": "refresh", "token_type": "Bearer"}
        self.tokens["id_token"] = sign(id_claims())
        self.answers: dict[str, Callable[[httpx.Request], httpx.Response]] = {}
        self.asked: list[httpx.Request] = []
        self.transport = httpx.MockTransport(self._answer)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        # As any network would, it lets others have their turn.
        await asyncio.sleep(0)
        path = request.url.path.rpartition("/")[2]
        if path in self.answers:
            return self.answers[path](request)
        if path == "openid-configuration":
            return httpx.Response(200, json=self.metadata)
        if path == "certs":
            return httpx.Response(200, json={"keys": [key.as_dict(private=False) for key in self.keys]})
        if path == "token":
            return httpx.Response(200, json=self.tokens)
        return httpx.Response(404)

    def count(self, path: str) -> int:
        return sum(request.url.path.endswith(path) for request in self.asked)

    def form(self, path: str) -> dict[str, str]:
        sent = [request for request in self.asked if request.url.path.endswith(path)][-1].content
        return {name: values[0] for name, values in parse_qs(sent.decode(), strict_parsing=True).items()}

    def run(
        self,
        question: Callable[[Client, Provider], Awaitable[T]],
        it: Provider | None = None,
        **options: Any,  # noqa: ANN401
    ) -> T:
        it = it or provider()

        async def ask() -> T:
            client = Client({it.name: it}, REDIRECT, options.get("discovery") or Discovery(), self.transport)
            try:
                return await question(client, it)
            finally:
                await client.close()

        return asyncio.run(ask())


def down(_request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


def answer(status: int, document: object) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _request: httpx.Response(status, content=json.dumps(document).encode())
