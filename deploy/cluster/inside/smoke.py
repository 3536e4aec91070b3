"""Try a version of the app through the front door, before anybody is sent there.

usage: smoke.py VERSION-SERVICE EDGE-ADDRESS...   as a job: settings and secrets are the reconcile job's

Each edge node must lead to each container of the version, marked with it as a browser would be. Where the identity
provider is the stack's own, an account is made for this test alone, which signs in by the real form.
"""

from __future__ import annotations

import html
import re
import secrets
import socket
import ssl
import sys
import time
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from urllib.parse import urljoin

import httpx

from deploy.keycloak import access, settings
from deploy.keycloak.admin import connect
from deploy.keycloak.directory import Directory
from deploy.keycloak.errors import JobError
from deploy.keycloak.settings import Settings

_PATIENCE = 60.0  # seconds until every edge has to know the version's containers
_ANSWER = 30.0  # seconds for each; the nodes may be busy with people
_NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none", "Accept": "text/html"}
_MARK = "__Host-replica"


class _Edge(httpx.BaseTransport):
    """Connects to one edge node, whatever the URL's name; certificate and Host header keep the name."""

    def __init__(self, address: str, trusted: ssl.SSLContext) -> None:
        self._address = address
        self._transport = httpx.HTTPTransport(verify=trusted, limits=httpx.Limits(max_keepalive_connections=0))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        to_node = request.url.copy_with(host=self._address)
        extensions = request.extensions | {"sni_hostname": request.url.host}
        return self._transport.handle_request(
            httpx.Request(
                request.method, to_node, headers=request.headers, stream=request.stream, extensions=extensions
            )
        )


class Visitor:
    """A browser without a screen, at one edge node, marked for one container of the app."""

    def __init__(self, options: Settings, edge: str, replica: str) -> None:
        trusted = ssl.create_default_context()
        trusted.load_verify_locations(options.secrets_dir / "issuer_ca.crt")
        self.http = httpx.Client(transport=_Edge(edge, trusted), timeout=_ANSWER)
        self.mark = sha256(replica.encode()).hexdigest()[:16]
        self.http.cookies.set(_MARK, self.mark, domain=f"app.{options.domain}", path="/")
        self._app = options.app_url

    def open(self, url: str) -> httpx.Response:
        """Navigate, through redirects on both names."""
        answer = self.http.get(urljoin(self._app, url), headers=_NAVIGATION)
        while answer.has_redirect_location:
            answer = self.http.get(urljoin(str(answer.url), answer.headers["location"]), headers=_NAVIGATION)
        return answer

    def sign_in(self, user: str, password: str) -> httpx.Response:
        """Sign in by the provider's form. Raises JobError when there is none, or it does not lead back."""
        form = self.open("/")
        action = re.search(r'<form[^>]* action="([^"]+)"', form.text)
        if form.status_code != httpx.codes.OK or not action or form.url.host.startswith("app."):
            raise JobError(f"the way to the sign-in ends at {form.url.copy_with(query=None)} with {form.status_code}")
        answer = self.http.post(html.unescape(action[1]), data={"username": user, "password": password})
        if not answer.has_redirect_location:
            raise JobError(f"the provider's form answers {answer.status_code}")
        return self.open(urljoin(str(answer.url), answer.headers["location"]))

    def check(self) -> None:
        """Raise JobError unless signed in, at the container that it is marked for: another would mark it anew."""
        fetch = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}
        answer = self.http.get(urljoin(self._app, "/_stcore/host-config"), headers=fetch)
        if answer.status_code != httpx.codes.OK:
            raise JobError(f"who has signed in gets {answer.status_code} from the app")
        if _MARK in answer.headers.get("set-cookie", ""):
            raise JobError("the front door leads to another container")


def patiently(attempt: Callable[[], None], what: str) -> None:
    """Repeat `attempt` until it works, or raise JobError: nginx learns of new containers within seconds."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            attempt()
        except (JobError, httpx.HTTPError) as fault:
            if time.monotonic() > deadline:
                raise JobError(f"{what}: {fault}") from None
            time.sleep(1)
        else:
            return


def try_sign_in(options: Settings, edge: str, replica: str, user: str, password: str) -> None:
    """Sign in at one container through one edge. Raises JobError."""
    visitor = Visitor(options, edge, replica)
    page = visitor.sign_in(user, password)
    # 403: the app's own policy shuts out an account without roles, after it has signed in.
    if page.status_code not in (200, 403):
        raise JobError(f"after the sign-in the app answers {page.status_code} at {page.url.copy_with(query=None)}")
    if page.status_code == httpx.codes.OK:
        visitor.check()


def try_redirect(options: Settings, edge: str, replica: str) -> None:
    """With a provider outside: the version leads a stranger to the sign-in, and so does each edge. Raises JobError."""
    host = {"Host": options.app_url.split("//")[1]}
    direct = httpx.get(f"http://{replica}:8501/auth/login", headers=host, timeout=_ANSWER)
    if direct.status_code not in (200, 302, 303, 307):
        raise JobError(f"its sign-in answers {direct.status_code}")
    front = Visitor(options, edge, replica).http.get(options.app_url, headers=_NAVIGATION)
    if "/auth/login" not in front.headers.get("location", ""):
        raise JobError(f"a stranger gets {front.status_code} instead of the sign-in")


def smoke(options: Settings, version: str, edges: list[str]) -> int:
    """Try every edge with every container; how many ways. Raises JobError."""
    replicas = sorted({str(row[4][0]) for row in socket.getaddrinfo(version, 8501, socket.AF_INET)})
    ways = [(edge, replica) for edge in edges for replica in replicas]
    if "external" in sys.argv[3:]:
        for edge, replica in ways:
            patiently(partial(try_redirect, options, edge, replica), f"edge {edge}, container {replica}")
        return len(ways)
    user, password = f"smoke-{secrets.token_hex(6)}", secrets.token_urlsafe(24)
    with connect(options.keycloak_url, options.id_url, patience=60) as http:
        admin = Directory(access.operator(http, options), options.app_name).admin
        admin.post("/users", account(user, password, options.domain))
        try:
            for edge, replica in ways:
                attempt = partial(try_sign_in, options, edge, replica, user, password)
                patiently(attempt, f"edge {edge}, container {replica}")
        finally:
            found = admin.one("/users", username=user, exact="true")
            if found:
                admin.delete(f"/users/{found['id']}")
    return len(ways)


def account(user: str, password: str, domain: str) -> dict[str, object]:
    """The account that signs in, as Keycloak takes it."""
    return {
        "username": user,
        "email": f"{user}@{domain}",
        "emailVerified": True,
        "firstName": "Smoke",
        "lastName": "Test",
        "enabled": True,
        "credentials": [{"type": "password", "value": password, "temporary": False}],
    }


def main() -> int:
    """Run it; the exit code."""
    try:
        edges = [word for word in sys.argv[2:] if word != "external"]
        ways = smoke(settings.load(), sys.argv[1], edges)
    except (JobError, OSError) as fault:
        print(f"Error: {fault}", file=sys.stderr)
        return 1
    print(f"{ways} ways through the front door work")
    return 0


if __name__ == "__main__":
    sys.exit(main())
