"""The gate's short answers to what it does not pass on: a page for people, JSON for programs. nginx's look the same."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from gatehouse.gate.headers import header
from gatehouse.gate.pages.brand import Brand
from gatehouse.gate.pages.page import render
from gatehouse.gate.request_id import current
from gatehouse.gate.web import NO_STORE


def refusal(scope: Scope, brand: Brand, status: int, text: str) -> Response:
    """Return the answer to a request. `text`: a sentence that tells a program why; a page has its own."""
    if wants_page(scope):
        return render("refused", brand=brand, status=status, why=str(status))
    body = {"status": status, "error": text, "request_id": current()}
    return JSONResponse(body, status_code=status, headers=NO_STORE)


def wants_page(scope: Scope) -> bool:
    """Tell whether the answer is shown to a person: by Fetch metadata, or by Accept where a browser sends none."""
    if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
        return False
    destination = header(scope, b"sec-fetch-dest")
    if destination is not None:
        return destination in {"document", "frame", "iframe"}
    return "text/html" in (header(scope, b"accept") or "")
