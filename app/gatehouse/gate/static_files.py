"""How the author's `static/` goes out: each file as what it is, and none as a page that runs something.

Streamlit 1.67 sends HTML, SVG and JavaScript as such, in the app's own origin. nginx does the same for `static/public/`
(nginx/static_types.conf, nginx/headers.conf).
"""

from __future__ import annotations

from collections.abc import Sequence
from posixpath import splitext

import streamlit as st
from starlette.types import Scope

PREFIX = "/app/static/"

TYPES = {
    "avif": "image/avif",
    "bmp": "image/bmp",
    "gif": "image/gif",
    "ico": "image/vnd.microsoft.icon",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webp": "image/webp",
    "otf": "font/otf",
    "ttf": "font/ttf",
    "woff": "font/woff",
    "woff2": "font/woff2",
    "mov": "video/quicktime",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "ogg": "audio/ogg",
    "wav": "audio/wav",
    "webm": "video/webm",
    "css": "text/css",
    "csv": "text/csv",
    "vtt": "text/vtt",
    "geojson": "application/geo+json",
    "json": "application/json",
    "xml": "application/xml",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "gz": "application/gzip",
    "pdf": "application/pdf",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
"""By ending. Every other file is text/plain."""

SANDBOX = (
    "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox"
)
"""For a file that is opened by itself, such as an SVG with a script; embedded in a page, it is an image like others."""

Headers = Sequence[tuple[bytes, bytes]]

_OURS = (b"content-type", b"content-security-policy", b"x-content-type-options", b"access-control-allow-origin")


def is_static(scope: Scope) -> bool:
    """Tell whether a request is for one of the author's files."""
    return str(scope["path"]).startswith(PREFIX)


def served() -> bool:
    """Tell whether the author has them served. Without, Streamlit would answer with its page."""
    return bool(st.get_option("server.enableStaticServing"))


def safe_headers(path: str, headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return the headers with which the file at `path` goes out, in place of Streamlit's.

    Args:
        path: of the request: what a file is called decides, never what is in it.
        headers: Streamlit's.
    """
    ending = splitext(path)[1][1:].lower()
    kind = TYPES.get(ending, "text/plain")
    sent = dict(headers).get(b"content-type", b"")
    # Several ranges at once: the parts name Streamlit's type, but no browser looks at them.
    if not sent.startswith(b"multipart/byteranges"):
        sent = f"{kind}; charset=utf-8".encode() if kind.startswith("text/") else kind.encode()
    kept = [(name, value) for name, value in headers if name.lower() not in _OURS]
    kept += [(b"content-type", sent), (b"x-content-type-options", b"nosniff")]
    # Browsers show no PDF in a sandbox, and run none of its scripts in the page's origin.
    if kind != "application/pdf":
        kept.append((b"content-security-policy", SANDBOX.encode()))
    return kept
