"""Renders the gate's pages. They need no script, and their own policy allows none."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Literal, TypeAlias

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from gatehouse.gate.pages.brand import Brand, picture
from gatehouse.gate.pages.words import DOWN, ENDED, FAILED

__all__ = ["Brand", "asset", "picture", "render"]

Name: TypeAlias = Literal["choose", "denied", "error", "signed_out", "confirm_sign_out", "unavailable"]

_FOLDER = Path(__file__).parent
_STYLE = (_FOLDER / "style.css").read_bytes()
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.globals |= {
    "style": f"/auth/assets/style.css?{sha256(_STYLE).hexdigest()[:12]}",
    "ended": ENDED,
    "failed": FAILED,
    "down": DOWN,
}


def render(
    name: Name,
    *,
    brand: Brand,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    forms_to: str = "",
    **context: object,
) -> Response:
    """Return one of the gate's pages.

    Args:
        name: which one.
        brand: how it looks.
        status: of the answer.
        headers: more of them; they cannot replace those of the page's own policy.
        forms_to: an origin to which answering the page's form may lead, such as the provider's on signing out.
            Chromium holds a form's redirects to `form-action` too (https://github.com/w3c/webappsec-csp/issues/8).
        context: what this page shows, all of it escaped; each has `next`, which must be a local path already.
            choose: `providers`, each with name, title, colour, logo (a data: URL); the last three may be None.
            denied: `account`, with name, email, provider (its title); each may be "".
            error: `reason`, see words.FAILED.
            signed_out: `reason`, see words.ENDED.
            confirm_sign_out: `account`; `next` is where "Stay signed in" leads.
            unavailable: `reason`, "provider" or "" for the app itself; to `next` the page goes by itself every ten
            seconds, unless it is None.
    """
    colours = f":root{{--brand:{brand.colour};--on-brand:{brand.text_colour}}}"
    digest = base64.b64encode(sha256(colours.encode()).digest()).decode()
    html = _ENVIRONMENT.get_template(f"{name}.html").render(**context, brand=brand, colours=colours)
    response = HTMLResponse(html, status, headers)
    forms = f"'self' {forms_to}".rstrip()
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self' 'sha256-{digest}'; img-src 'self' data:; "
        f"form-action {forms}; base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def asset(name: str) -> Response:
    """Return a file that the pages ask for under /auth/assets/, or 404. Their links change with its content."""
    if name != "style.css":
        return Response(status_code=404)
    return Response(_STYLE, media_type="text/css", headers={"Cache-Control": "public, max-age=31536000, immutable"})
