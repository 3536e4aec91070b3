"""HTTP to the stack's names without a resolver: Python may not resolve *.localhost, and /etc/hosts is not a test's."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx


def tls_context(*authorities: Path) -> ssl.SSLContext:
    """A client's context that trusts these and nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for authority in authorities:
        context.load_verify_locations(authority)
    return context


class LoopbackTransport(httpx.BaseTransport):
    """Connects to one address, whatever the URL's name; SNI, certificate check and Host header keep the name."""

    def __init__(self, verify: ssl.SSLContext, address: str = "127.0.0.1") -> None:
        self._address = address
        # No connection is kept: one made for app.* would be reused for id.*, as both are 127.0.0.1 here.
        self._transport = httpx.HTTPTransport(verify=verify, limits=httpx.Limits(max_keepalive_connections=0))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request` there."""
        return self._transport.handle_request(
            httpx.Request(
                request.method,
                request.url.copy_with(host=self._address),
                headers=request.headers,
                stream=request.stream,
                extensions=request.extensions | {"sni_hostname": request.url.host},
            )
        )

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()
