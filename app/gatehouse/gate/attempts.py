"""A sign-in under way. It lives in an encrypted cookie of its own, so that ten restored tabs each find their way."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from urllib.parse import quote, unquote, urlsplit

from cryptography.fernet import InvalidToken, MultiFernet

LIFETIME = 600
"""How long a sign-in may take, in seconds."""

_PREFIX = "__Host-gate-attempt-"
_MAX_PATH_BYTES = 2000
_MAX_COOKIE_BYTES = 4096  # what browsers keep of one (RFC 6265bis §5.6)
_MAX_TOTAL_BYTES = 5 * 1024  # websockets reads 8 KiB of a line of headers, and all cookies are in one
_OURS = re.compile(r"/(auth|oauth2callback)(/.*)?", re.IGNORECASE | re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Attempt:
    """One sign-in. `next`: where the person wanted to go; `fresh`: they are asked for their password in any case."""

    provider: str
    next: str
    fresh: bool
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


class Attempts:
    """Makes attempts, and finds them again in the browser that made them."""

    def __init__(self, crypt: MultiFernet) -> None:
        self._crypt = crypt

    def start(self, provider: str, next: str, *, fresh: bool) -> Attempt:  # noqa: A002 - the name of the parameter in URLs
        """Return a new attempt: state and nonce of 192 random bits, verifier of 256 (RFC 7636 §4.1)."""
        place = self.local(next)
        return Attempt(
            provider, place, fresh, secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(32)
        )

    def cookie(self, attempt: Attempt) -> tuple[str, str]:
        """Return the cookie's name and value."""
        words = [attempt.provider, attempt.next, attempt.fresh, attempt.state, attempt.nonce, attempt.verifier]
        text = json.dumps(words, ensure_ascii=False, separators=(",", ":"))
        return self.cookie_name(attempt.state), self._crypt.encrypt(text.encode()).decode()

    @staticmethod
    def cookie_name(state: str) -> str:
        """Return the name of the cookie for `state`."""
        return _PREFIX + hashlib.sha256(state.encode(errors="replace")).hexdigest()[:12]

    def find(self, cookies: Mapping[str, str], state: str) -> Attempt | None:
        """Return the attempt with this `state`, if this browser made it in the last ten minutes."""
        value = cookies.get(self.cookie_name(state), "")
        try:
            text = self._crypt.decrypt(_token(value), ttl=LIFETIME)
            provider, place, fresh, kept, nonce, verifier = json.loads(text)
        except (InvalidToken, ValueError, TypeError):
            return None
        if not compare_digest(kept.encode(), state.encode(errors="replace")):
            return None
        return Attempt(provider, place, fresh, kept, nonce, verifier)

    def surplus(self, cookies: Mapping[str, str], cap: int = 11) -> list[str]:
        """Return the names of cookies to delete before one more is set: unreadable and expired ones, then the oldest.

        Args:
            cookies: all that the browser sent.
            cap: so many attempts may stay, the new one included; fewer if they are long, for all ride on each request.
        """
        ours = {name: value for name, value in cookies.items() if name.startswith(_PREFIX)}
        ages = sorted((self._made(value), name) for name, value in ours.items())
        surplus: list[str] = []
        size = sum(len(name) + len(value) for name, value in ours.items())
        for place, (made, name) in enumerate(ages):
            if made and len(ages) - place < cap and size <= _MAX_TOTAL_BYTES:
                break
            surplus.append(name)
            size -= len(name) + len(ours[name])
        return surplus

    @staticmethod
    def local(path: str | None) -> str:
        """Return `path` as a path and query of this app, safe in a Location header; "/" for anything else.

        Refused is what a browser, a proxy or a router may take for another host or for the gate's own routes.
        """
        if not path or path[:1] != "/" or path[:2] == "//" or "\\" in path or _CONTROL.search(path):
            return "/"
        try:
            parts = urlsplit(path)
            plain = unquote(parts.path, errors="strict")
            place = quote(parts.path, safe="/%:@!$&'()*+,;=~-._")
            query = quote(parts.query, safe="/?%:@!$&'()*+,;=~-._")
        except ValueError:
            return "/"
        odd = parts.scheme or parts.netloc or not plain.startswith("/") or "//" in plain or "\\" in plain
        if odd or _CONTROL.search(plain) or {".", ".."} & set(plain.split("/")) or _OURS.fullmatch(plain):
            return "/"
        wanted = f"{place}?{query}" if query else place
        return wanted if len(wanted) <= _MAX_PATH_BYTES else "/"

    def _made(self, value: str) -> int:
        try:
            self._crypt.decrypt(_token(value), ttl=LIFETIME)
            return self._crypt.extract_timestamp(_token(value))
        except InvalidToken:
            return 0


def _token(value: str) -> bytes:
    if len(value) > _MAX_COOKIE_BYTES:
        raise InvalidToken
    return value.encode(errors="replace")
