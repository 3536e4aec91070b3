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


def tls_context_for_threads(*authorities: Path) -> ssl.SSLContext:
    """The same for `websockets.sync`, which reads in a thread of its own.

    In TLS 1.3 it reads session tickets just when the first request is written. OpenSSL's connections are not made for
    that (https://github.com/python/cpython/issues/77271): one handshake in two hundred never left this machine.
    """
    context = tls_context(*authorities)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


class LoopbackTransport(httpx.BaseTransport):
    """Connects to one address, whatever the URL's name; SNI, certificate check and Host header keep the name."""

    def __init__(self, verify: ssl.SSLContext, address: str = "127.0.0.1", *, one_name: bool = False) -> None:
        """Args: one_name: nothing but one name is asked, so connections can be kept."""
        self._address = address
        # One made for app.* would be reused for id.*, as both are 127.0.0.1 here.
        limits = httpx.Limits(max_keepalive_connections=None if one_name else 0)
        self._transport = httpx.HTTPTransport(verify=verify, limits=limits)

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
