"""http-01: the authority's question is answered by a file that nginx shows on the plain port (RFC 8555 section 8.3)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

import httpx
from acme import challenges
from josepy.jwk import JWK

from deploy.acme import places
from deploy.acme.errors import AcmeError

PATIENCE = 120.0  # seconds for nginx to be there


class Challenge(Protocol):
    """A way to show the authority that a name is ours."""

    kind: type[challenges.KeyAuthorizationChallenge]

    def ready(self, names: tuple[str, ...]) -> None:
        """See that it can work, before the authority counts a failure. Raises AcmeError."""

    def shown(self, name: str, body: challenges.KeyAuthorizationChallenge, key: JWK) -> AbstractContextManager[None]:
        """Answer for `name` while the context lasts. Raises AcmeError."""

    def settled(self) -> None:
        """Wait until all answers can be seen. Raises AcmeError."""


class Http:
    """Answers in files, which nginx shows for both names."""

    kind = challenges.HTTP01

    def __init__(self, port: int, server: str = "nginx") -> None:
        """Args: port: of plain HTTP. server: nginx's name on the network."""
        self._base = f"http://{server}:{port}/{challenges.HTTP01.URI_ROOT_PATH}"

    def ready(self, names: tuple[str, ...]) -> None:
        """Ask nginx for a file of our own. Raises AcmeError."""
        token = secrets.token_urlsafe(32)
        with self._file(token, token):
            deadline = time.monotonic() + PATIENCE
            for name in names:
                while (said := self._answer(name, token)) != token:
                    if time.monotonic() > deadline:
                        raise AcmeError(f"nginx does not show the answer for {name} ({said}); is it healthy?")
                    time.sleep(1)

    @contextmanager
    def shown(self, name: str, body: challenges.KeyAuthorizationChallenge, key: JWK) -> Iterator[None]:  # noqa: ARG002
        """Keep the file there."""
        with self._file(body.encode("token"), body.validation(key)):
            yield

    def settled(self) -> None:
        """A file is there at once."""

    @contextmanager
    def _file(self, token: str, content: str) -> Iterator[None]:
        path = places.CHALLENGES / token
        try:
            path.write_text(content, encoding="ascii")
            path.chmod(0o444)
            yield
        finally:
            path.unlink(missing_ok=True)

    def _answer(self, name: str, token: str) -> str:
        try:
            answer = httpx.get(f"{self._base}/{token}", headers={"Host": name}, timeout=5, trust_env=False)
        except httpx.HTTPError as error:
            return type(error).__name__
        return answer.text if answer.is_success else str(answer.status_code)
