"""What the gate's routes and its wall share of HTTP: reading a parameter, and what goes on an answer."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

NO_STORE = {"Cache-Control": "no-store"}


def one(request: Request, name: str) -> str | None:
    """Return the parameter, if it is given exactly once: of several, two readers may take different ones.

    RFC 6749 §3.1.
    """
    values = request.query_params.getlist(name)
    return values[0] if len(values) == 1 and values[0] else None


def keep_cookie(response: Response, name: str, value: str, seconds: int) -> None:
    """Have the browser keep a cookie of the gate's for so long."""
    response.set_cookie(name, value, max_age=seconds, secure=True, httponly=True, samesite="lax")


def forget_cookie(response: Response, name: str) -> None:
    """Have the browser forget a cookie of the gate's."""
    # A __Host- cookie is only replaced by one with the same attributes (RFC 6265bis §4.1.3.2).
    response.delete_cookie(name, secure=True, httponly=True, samesite="lax")
