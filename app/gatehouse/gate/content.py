"""What a page of the app may load and run: its Content-Security-Policy (https://www.w3.org/TR/CSP3/).

Set here and not by nginx, because this process serves the very index.html whose script is allowed by hash, and has the
author's policy.toml. nginx adds one that allows nothing wherever an answer brings none.
"""

from __future__ import annotations

import base64
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import streamlit

from gatehouse.gate.policy_content import Content

REPORTS = "/auth/csp-report"
"""Where browsers tell what they blocked."""

# All of Streamlit 1.67's elements render with this, but maps, whose streets come from outside. WebAssembly: Graphviz.
# Styles: Emotion, Plotly and Mermaid write them into elements, which no hash can cover.
_BASE: dict[str, list[str]] = {
    "default-src": ["'none'"],
    # blob: st.components.v2 imports the JavaScript that an author hands over so. Markup can make none.
    "script-src": ["'self'", "blob:", "'wasm-unsafe-eval'"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'", "data:", "blob:"],
    "font-src": ["'self'", "data:"],
    "media-src": ["'self'", "blob:"],
    "connect-src": ["'self'"],
    "frame-src": ["'self'"],
    "worker-src": ["'self'", "blob:"],
    "manifest-src": ["'self'"],
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    # Streamlit's components are frames of the app's own origin.
    "frame-ancestors": ["'self'"],
}

_INERT = (
    "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
# A browser's own viewer shows it, which would go by the policy; a script in it has no part in the page's origin.
_PDF = "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"


def file_policy(kind: bytes) -> str:
    """Return the policy of what people made or uploaded, by its media type: nothing of it runs in the app's origin."""
    return _PDF if kind.startswith(b"application/pdf") else _INERT


def page_policy(content: Content, index: str) -> str:
    """Return the policy of the app's pages.

    Args:
        content: the author's additions.
        index: the HTML of Streamlit's page, whose inline scripts may run.
    """
    policy = {name: [*sources, *content.additions().get(name, ())] for name, sources in _BASE.items()}
    # A browser that is given a hash passes over 'unsafe-inline'.
    policy["script-src"] += ["'unsafe-inline'"] if content.inline_scripts else inline_hashes(index)
    if content.inline_scripts:
        policy["script-src"] = [source for source in policy["script-src"] if not source.startswith("'sha")]
    text = "; ".join(f"{name} {' '.join(sources)}" for name, sources in policy.items())
    # Not report-to, with which Chromium waits up to a minute.
    return f"{text}; report-uri {REPORTS}"


def streamlit_index() -> str:
    """Return the page that the installed Streamlit serves."""
    return (Path(streamlit.__file__).parent / "static/index.html").read_text(encoding="utf-8")


def inline_hashes(html: str) -> list[str]:
    """Return the hash source of each script that stands in `html` itself."""
    found = _Scripts()
    found.feed(html)
    return [f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'" for text in found.texts]


class _Scripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script" and "src" not in dict(attrs)
        if self._inside:
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[-1] += data
