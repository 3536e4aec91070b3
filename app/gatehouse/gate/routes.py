"""The gate's own routes, before Streamlit's of the same names: st.login() and st.logout() land here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gatehouse.gate.content import REPORTS
from gatehouse.gate.door import Door
from gatehouse.gate.pages.page import asset
from gatehouse.gate.signing_in import callback, login
from gatehouse.gate.signing_out import backchannel_logout, logout, signed_out

_Answer: TypeAlias = Callable[[Door, Request], Awaitable[Response]]


def routes(opened: Callable[[], Door]) -> list[Route]:
    """Return the routes. `opened` returns the door, once the server has started."""

    def bound(answer: _Answer) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return await answer(opened(), request)

        return endpoint

    async def reports(request: Request) -> Response:
        return await opened().reports.take(request)

    async def assets(request: Request) -> Response:
        return asset(request.path_params["name"])

    return [
        Route("/auth/login", bound(login), methods=["GET"]),
        Route("/oauth2callback", bound(callback), methods=["GET"]),
        Route("/auth/logout", bound(logout), methods=["GET", "POST"]),
        Route("/auth/signed-out", bound(signed_out), methods=["GET"]),
        Route("/auth/backchannel-logout", bound(backchannel_logout), methods=["POST"]),
        Route(REPORTS, reports, methods=["POST"]),
        Route("/auth/assets/{name}", assets, methods=["GET"]),
    ]
