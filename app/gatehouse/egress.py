"""The app's way out: its proxy where there is one, and a word in the log for each host asked for while it is shut."""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from gatehouse.settings import Settings

_ROUTES = Path("/proc/net/route")
_NAMES = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})
_ADDRESSES = {"socket.connect": 1, "socket.sendto": 1}
_REMEMBERED = 1000

_log = logging.getLogger(__name__)


def set_proxy(settings: Settings) -> None:
    """Put the proxy of .env into the environment, in both spellings that clients read, or take every proxy out of it.

    The stack's own names never go through it: the gate's way to the issuer is inside.
    """
    proxies = {"HTTPS_PROXY": settings.https_proxy, "HTTP_PROXY": settings.http_proxy, "ALL_PROXY": ""}
    direct = [*(name.strip() for name in settings.no_proxy.split(",")), *sorted(_inside(settings))]
    chosen = proxies if settings.egress == "open" else dict.fromkeys(proxies, "")
    for name, value in {**chosen, "NO_PROXY": ",".join(filter(None, direct))}.items():
        for spelling in (name, name.lower()):
            if value:
                os.environ[spelling] = value
            else:
                os.environ.pop(spelling, None)


class Watch:
    """Knows what is inside the stack, and logs whatever else is asked for: once for each host."""

    def __init__(self, settings: Settings) -> None:
        self._names = _inside(settings)
        self._networks = list(_own_networks())
        self._told: set[str] = set()

    def install(self) -> None:
        """Look at every name and address that Python code of this process asks for from now on."""
        sys.addaudithook(self._audit)

    def providers(self, auth: Mapping[str, object]) -> None:
        """Log the identity providers of [auth] that are outside: the gate's own client is not Python's sockets."""
        for table in (auth, *auth.values()):
            url = table.get("server_metadata_url") if isinstance(table, Mapping) else None
            if isinstance(url, str):
                self.asked_for(urlsplit(url).hostname)

    def asked_for(self, host: object) -> None:
        """Log `host`, a name or an address, unless it is inside or has been logged."""
        if isinstance(host, bytes | bytearray):
            host = host.decode("ascii", "replace")
        if not isinstance(host, str) or host in self._told or self._is_inside(host):
            return
        if len(self._told) < _REMEMBERED:
            self._told.add(host)
            words = "%s is outside the stack, and EGRESS=closed lets nothing out; to allow it, set EGRESS=open in .env"
            _log.warning(words + ", then `make up`", host, extra={"host": host})

    def _audit(self, event: str, given: tuple[object, ...]) -> None:
        if event in _NAMES:
            self.asked_for(given[0])
        elif event in _ADDRESSES:
            address = given[_ADDRESSES[event]]
            # Of a Unix socket it is a path.
            if isinstance(address, tuple) and address:
                self.asked_for(address[0])

    def _is_inside(self, host: str) -> bool:
        if not host or host in self._names:
            return True
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return address.is_loopback or address.is_unspecified or any(address in network for network in self._networks)


def _inside(settings: Settings) -> frozenset[str]:
    own = {f"app.{settings.domain}", f"id.{settings.domain}", settings.database_host}
    return frozenset(own | {"localhost", "127.0.0.1", "::1", socket.gethostname()})


def _own_networks() -> Iterator[ipaddress.IPv4Network]:
    """Yield the networks that this container is on (proc_net(5)); without a way out they are all that it reaches."""
    try:
        lines = _ROUTES.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return
    for line in lines:
        _, destination, gateway, *rest = line.split()
        if gateway == "00000000":
            network, mask = (int.from_bytes(bytes.fromhex(word), "little") for word in (destination, rest[4]))
            yield ipaddress.IPv4Network((network, mask.bit_count()))
