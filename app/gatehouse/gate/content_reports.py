"""What browsers say that they blocked: each origin once in the log, with the line of policy.toml that permits it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from gatehouse.gate.policy_content import DIRECTIVES, ORIGIN, SOCKET, Content
from gatehouse.gate.web import NO_STORE

_MAX_BYTES = 16 * 1024
_MAX_KNOWN = 100
_TYPES = frozenset({"application/csp-report", "application/json"})

_log = logging.getLogger(__name__)


class Reports:
    """What was blocked since the process started. Bounded: a signed-in person may send what they like."""

    def __init__(self, content: Content) -> None:
        """Args: content: what is permitted already, so that the line to write holds it too."""
        self._permitted = {
            name: list(sources) for name, sources in content.model_dump(by_alias=True).items() if sources
        }
        self._known: set[tuple[str, str]] = set()

    async def take(self, request: Request) -> Response:
        """Answer a browser's report: 204, whatever it says."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _TYPES:
            return Response(status_code=415, headers=NO_STORE)
        body = b""
        try:
            async for piece in request.stream():
                body += piece
                if len(body) > _MAX_BYTES:
                    return Response(status_code=413, headers=NO_STORE)
        except ClientDisconnect:
            return Response(status_code=400)
        try:
            told = json.loads(body)["csp-report"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return Response(status_code=400, headers=NO_STORE)
        if isinstance(told, Mapping):
            self._hear(told)
        return Response(status_code=204, headers=NO_STORE)

    def _hear(self, told: Mapping[str, object]) -> None:
        directive = str(told.get("effective-directive") or told.get("violated-directive") or "").partition(" ")[0]
        directive = directive.removesuffix("-elem").removesuffix("-attr")
        blocked = _what(str(told.get("blocked-uri", "")))
        if directive not in DIRECTIVES or not blocked or (directive, blocked) in self._known:
            return
        if len(self._known) >= _MAX_KNOWN:
            return
        self._known.add((directive, blocked))
        _log.warning("blocked by the browser: %s (%s); %s", blocked, directive, self._remedy(directive, blocked))

    def _remedy(self, directive: str, blocked: str) -> str:
        if ORIGIN.fullmatch(blocked) or (directive == "connect-src" and SOCKET.fullmatch(blocked)):
            origins = self._permitted.setdefault(directive, [])
            origins.append(blocked)
            listed = ", ".join(f'"{origin}"' for origin in origins)
            return f"to permit it, write in policy.toml under [content]: {directive} = [{listed}]"
        if blocked == "inline" and directive == "script-src":
            return (
                "a script inside a page, such as st.components.v1.html's; to permit it, write in policy.toml under "
                '[content]: script-src = ["sha256-…"], with the hash that the browser\'s console names, or '
                "inline-scripts = true for all of them"
            )
        if blocked == "eval":
            return "text that would run as code, which nothing permits; use a component that does without"
        return "only https origins can be permitted"


def _what(uri: str) -> str:
    """The origin of a URL, or the word that stands in its place; nothing for what is neither."""
    if uri in {"inline", "eval", "wasm-eval", "data", "blob"}:
        return uri
    try:
        parts = urlsplit(uri)
        origin = f"{parts.scheme}://{parts.hostname or ''}" + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return ""
    shown = origin.replace("http://", "https://", 1).replace("ws://", "https://", 1).replace("wss://", "https://", 1)
    return origin if ORIGIN.fullmatch(shown) else ""
