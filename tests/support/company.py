"""A company's network as an app meets it: a proxy that is the only way out, and a site signed by the company's CA."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_connection, socket

from deploy.prepare import certificates

SITE = "api.company.test"
# The site is an identity provider as well, as far as where it sends a browser.
METADATA = {
    "issuer": f"https://{SITE}",
    "authorization_endpoint": f"https://{SITE}/authorize",
    "token_endpoint": f"https://{SITE}/token",
    "jwks_uri": f"https://{SITE}/keys",
}


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        content = json.dumps(METADATA).encode() if self.path == "/.well-known/openid-configuration" else b"hello"
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Company:
    """Both servers, on every address of this machine. `asked`: what the proxy was asked to connect to."""

    def __init__(self, folder: Path) -> None:
        """Args: folder: for the CA's certificate and the site's key."""
        self.asked: list[str] = []
        self.ca = folder / "company.pem"
        now = datetime.now(UTC).replace(microsecond=0)
        key = certificates.new_key()
        authority = certificates.Pair(key, certificates.new_authority(key, "company.test", now))
        leaf = certificates.new_leaf(authority, (SITE,), now)
        self.ca.write_bytes(certificates.certificate_pem(authority.certificate))
        self.ca.chmod(0o644)
        pair = folder / "site.pem"
        pair.write_bytes(certificates.key_pem(leaf.key) + certificates.certificate_pem(leaf.certificate))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair)
        self.site = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
        self.site.socket = context.wrap_socket(self.site.socket, server_side=True)
        self.proxy = ThreadingHTTPServer(("0.0.0.0", 0), self._handler())

    @property
    def port(self) -> int:
        """The proxy's."""
        return int(self.proxy.server_address[1])

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        company = self

        class Proxy(BaseHTTPRequestHandler):
            def do_CONNECT(self) -> None:
                company.asked.append(self.path)
                with create_connection(("127.0.0.1", company.site.server_address[1])) as site:
                    self.send_response(200)
                    self.end_headers()
                    back = threading.Thread(target=_pass_on, args=(site, self.connection))
                    back.start()
                    _pass_on(self.connection, site)
                    back.join()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Proxy


def _pass_on(source: socket, target: socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(1)
    except OSError:
        return


@contextmanager
def company(folder: Path) -> Iterator[Company]:
    """Run both servers."""
    made = Company(folder)
    for server in (made.site, made.proxy):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        for server in (made.site, made.proxy):
            server.shutdown()
            server.server_close()
