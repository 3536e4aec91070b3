"""The author's `static/`, at app/static/…: every file leaves under a type that runs nothing in the app's origin.

Streamlit 1.67 sends what Python's mimetypes guess (https://github.com/streamlit/streamlit/pull/14090): HTML and scripts
as such, fonts as unknown where the system has no mime.types. Here the list is fixed, and all else is plain text, as it
was before.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TYPES = {
    **dict.fromkeys((".jpg", ".jpeg"), "image/jpeg"),
    ".png": "image/png",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".ico": "image/x-icon",
    ".svg": "image/svg+xml",
    ".css": "text/css; charset=utf-8",
    ".otf": "font/otf",
    ".ttf": "font/ttf",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".pdf": "application/pdf",
    ".json": "application/json",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".ogg": "audio/ogg",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
}
OTHERS = "text/plain; charset=utf-8"

# An SVG is a picture in <img>, where it never runs anything, and a document when its address is opened.
_NOT_ACTIVE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


class StaticTypes:
    """Middleware around Streamlit."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, with the types of files replaced."""
        if scope["type"] != "http" or not scope["path"].startswith("/app/static/"):
            await self._app(scope, receive, send)
            return
        ending = PurePosixPath(scope["path"]).suffix.lower()

        async def typed(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 300:
                headers = MutableHeaders(scope=message)
                # Of several ranges at once the body says the types of its parts, and no browser shows it.
                if not headers.get("content-type", "").startswith("multipart/byteranges"):
                    headers["content-type"] = TYPES.get(ending, OTHERS)
                if ending == ".svg":
                    headers["content-security-policy"] = _NOT_ACTIVE
            await send(message)

        await self._app(scope, receive, typed)
