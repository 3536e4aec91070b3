"""How tabs reach a server: through nginx and TLS as a browser does, or straight to it in clear text."""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass

import httpx

from performance.servers import PORT, Front, Server
from support.http import LoopbackTransport, tls_context


@dataclass(frozen=True)
class Way:
    """`address`: where connections go. `tls`: None for clear text. `page`: name of the page that is shown."""

    host: str
    address: tuple[str, int]
    tls: ssl.SSLContext | None
    cookies: dict[str, str]
    page: str


def straight(server: Server) -> Way:
    """In clear text, past nginx."""
    return Way(server.host, (server.address, PORT), None, server.cookies(), server.page)


def through_nginx(front: Front, server: Server) -> Way:
    """As a browser comes."""
    return through_nginx_as_many(front, server, 1)[0]


def http_through_nginx(front: Front, app_url: str) -> httpx.Client:
    """A browser's client for the app, on one kept connection to nginx."""
    transport = LoopbackTransport(tls_context(front.ca), front.address[0], one_name=True)
    return httpx.Client(transport=transport, base_url=app_url, timeout=20)


def through_nginx_as_many(front: Front, server: Server, people: int) -> list[Way]:
    """The ways of so many signed-in people."""
    tls = tls_context(front.ca)
    # The name by which nginx knows a replica (nginx/replicas.sh).
    replica = {"__Host-replica": hashlib.sha256(server.behind_nginx.encode()).hexdigest()[:16]}
    return [Way(server.host, front.address, tls, jar | replica, server.page) for jar in server.jars(people)]
