"""People who use what runs on a cluster, by any of its nodes."""

from __future__ import annotations

import html
import json
import re
import threading
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Self

import httpx

from support.cluster import Cluster, Node
from support.command import ROOT
from support.http import LoopbackTransport, tls_context
from support.person import Person

PASSWORD = "a-passphrase-of-their-own-7"
"""Everybody's, once they have chosen it."""


@dataclass
class Front:
    """What people's tools need to know of a stack, at one edge node of the cluster."""

    cluster: Cluster
    address: str
    app_url: str = "https://app.gate.test:8443"
    id_url: str = "https://id.gate.test:8443"

    @property
    def ca(self) -> Path:
        """Certificate of the CA that signed what nginx shows."""
        return self.cluster.directory / "secrets/cluster/staging/ca/gate.test/ca.crt"

    def http(self) -> httpx.Client:
        """A client that trusts that CA alone, and needs no name resolution."""
        return httpx.Client(transport=LoopbackTransport(tls_context(self.ca), self.address), timeout=60)


def somebody(front: Front) -> Person:
    """A browser without cookies."""
    return Person(front)  # type: ignore[arg-type]


def first_sign_in(front: Front, user: str, once: str) -> None:
    """Sign in with the password that was given `once`, and choose PASSWORD."""
    person = somebody(front)
    page = person.follow(person.submit(person.open(), user, once))
    action = re.search(r'<form[^>]* action="([^"]+)"', page.text)
    assert action, page.text
    fields = {"password-new": PASSWORD, "password-confirm": PASSWORD}
    person.follow(person.http.post(html.unescape(action[1]), data=fields))
    assert person.is_in()


def signed_in(front: Front, user: str) -> Person:
    """Somebody who has signed in by the provider's form."""
    person = somebody(front)
    page = person.follow(person.submit(person.open(), user, PASSWORD))
    assert page.status_code == httpx.codes.OK, f"{page.url.copy_with(query=None)}: {page.status_code}"
    return person


def let_in(front: Front, replica: tuple[Node, str], *roles: str) -> Person:
    """Somebody whose session was made inside a replica, where there is no provider to sign in at."""
    node, container = replica
    script = (ROOT / "tests/performance/signed_in.py").read_text(encoding="utf-8")
    said = node.docker("exec", "--interactive", container, "python", "-", "gate", "1", *roles, stdin=script)
    person = somebody(front)
    for name, value in json.loads(said)[0].items():
        person.http.cookies.set(name, value, domain="app.gate.test", path="/")
    assert person.is_in()
    return person


@dataclass
class SignIns:
    """Sign-ins, one after the other, for as long as the block lasts."""

    fronts: list[Front]
    user: str
    count: int = 0
    failed: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End with the one under way."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        for front in cycle(self.fronts):
            if self._over.wait(3):
                return
            try:
                person = signed_in(front, self.user)
                assert person.is_in()
                person.close()
                self.count += 1
            except (httpx.HTTPError, AssertionError) as fault:
                self.failed.append(repr(fault))


def marked(person: Person, replica: str) -> dict[str, str]:
    """For `tab`: the person's cookies with the name of a replica, which leads there."""
    person.asks("/_stcore/health")  # sets the XSRF cookie
    token = person.http.cookies.get("_streamlit_xsrf")
    return {"cookies": f"__Host-gate={person.cookie}; __Host-replica={replica}; _streamlit_xsrf={token}"}
