"""Renders the gate's pages. They need no script, and their own policy allows none."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Literal, TypeAlias

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from gatehouse.gate.pages.brand import Brand
from gatehouse.gate.pages.words import ENDED, FAILED, REFUSED

Name: TypeAlias = Literal[
    "choose", "confirm_sign_out", "denied", "error", "full", "provider_away", "refused", "signed_out", "unavailable"
]

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
    "refused": REFUSED,
}


# What a page may be given, each as good as absent.
_CONTEXT: dict[str, object] = {
    "email": None,
    "fresh": False,
    "name": None,
    "next": None,
    "provider": None,
    "providers": (),
    "reason": "",
    "why": "",
}


def render(
    page: Name,
    /,
    *,
    brand: Brand,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    forms_to: str = "",
    **context: object,
) -> Response:
    """Return one of the gate's pages.

    Args:
        page: which one.
        brand: how it looks.
        status: of the answer.
        headers: more of them; they cannot replace those of the page's own policy.
        forms_to: an origin to which answering the page's form may lead, such as the provider's on signing out.
            Chromium holds a form's redirects to `form-action` too (https://github.com/w3c/webappsec-csp/issues/8).
        context: what this page shows, all of it escaped and optional. `next`: a local path, already judged.
            choose: `providers`, each with name, title, colour and logo (a URL; see `picture`), the last three of which
            may be None; `next`; `fresh`, to be asked for a password again.
            confirm_sign_out: `name`, `email`, `provider`; `next` is where "Stay signed in" leads.
            denied: `name`, `email`, `provider`, `next`.
            error: `why`, see words.FAILED; `next`.
            full: nothing; it asks for its own address again every ten seconds.
            provider_away: `provider`; `next`.
            refused: `why`, a status, see words.REFUSED.
            signed_out: `reason`, see words.ENDED; `next`.
            unavailable: `next`: where it goes by itself every ten seconds; without it, to its own address again.
    """
    if unknown := context.keys() - _CONTEXT.keys():
        raise TypeError(f"no page shows {', '.join(sorted(unknown))}")
    colours = f":root{{--brand:{brand.colour};--on-brand:{brand.text_colour}}}"
    digest = base64.b64encode(sha256(colours.encode()).digest()).decode()
    html = _ENVIRONMENT.get_template(f"{page}.html").render(**_CONTEXT | context, brand=brand, colours=colours)
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
