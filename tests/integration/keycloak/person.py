"""A person with a browser at Keycloak's forms, and the app that asked for the sign-in: httpx, no proxy in between."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import secrets
from dataclasses import dataclass, field

import httpx

from integration.keycloak.identity import ID_URL, ISSUER

REDIRECT = "https://app.localhost:8443/oauth2callback"
ENDPOINT = f"{ISSUER}/protocol/openid-connect"


class ProxyTransport(httpx.BaseTransport):
    """Brings requests for the public URL to Keycloak's own port, with the headers that nginx would add."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._transport = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request` on; cookies and redirects keep to the public URL."""
        public = httpx.URL(ID_URL)
        forwarded = {
            "X-Forwarded-Proto": public.scheme,
            "X-Forwarded-Host": public.host,
            "X-Forwarded-Port": str(public.port),
        }
        return self._transport.handle_request(
            httpx.Request(
                request.method,
                request.url.copy_with(scheme="http", host=self._address, port=8080),
                headers={**request.headers, **forwarded},
                stream=request.stream,
                extensions=request.extensions,
            )
        )

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()


@dataclass
class Person:
    """One browser without cookies, on its way through one sign-in."""

    http: httpx.Client
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    page: str = ""

    def ask(self, **parameters: str | None) -> httpx.Response:
        """Ask for the sign-in form as the app would; `parameters` replace the app's, None leaves one out."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        usual: dict[str, str | None] = {
            "client_id": "app",
            "response_type": "code",
            "scope": "openid email profile",
            "redirect_uri": REDIRECT,
            "state": "state",
            "nonce": "nonce",
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        asked = {name: value for name, value in (usual | parameters).items() if value is not None}
        answer = self.http.get(f"{ENDPOINT}/auth", params=asked)
        self.page = answer.text
        return answer

    def submit(self, **fields: str) -> httpx.Response:
        """Fill in the form of the page and send it; follows redirects inside Keycloak alone."""
        (action,) = re.findall(r'<form [^>]*action="([^"]+)"', self.page)
        answer = self.http.post(html.unescape(action), data=fields)
        while answer.is_redirect and answer.headers["location"].startswith(ID_URL):
            answer = self.http.get(answer.headers["location"])
        self.page = answer.text
        return answer

    def sign_in(self, user: str, password: str) -> httpx.Response:
        """From nothing to Keycloak's answer to the password."""
        assert self.ask().status_code == httpx.codes.OK
        return self.submit(username=user, password=password)

    def gets_in(self, user: str, password: str) -> bool:
        """Whether Keycloak sends the person back to the app with a code."""
        return code_of(self.sign_in(user, password)) is not None

    def redeem(self, code: str, **parameters: str) -> httpx.Response:
        """Exchange a code for tokens as the app would; `parameters` replace the app's."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "client_id": "app"}
        return self.http.post(f"{ENDPOINT}/token", data=form | {"code_verifier": self.verifier} | parameters)


def code_of(answer: httpx.Response) -> str | None:
    """The code in a redirect back to the app, if it is one."""
    if not answer.is_redirect or not answer.headers["location"].startswith(f"{REDIRECT}?"):
        return None
    code: str | None = httpx.URL(answer.headers["location"]).params.get("code")
    return code
