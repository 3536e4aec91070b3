"""What stands before the tests' identity provider: TLS, and the ways in which other providers differ from Keycloak.

Runs in a container of its own. What the provider sends to an app by itself (logout tokens) is kept here for the test.
"""

from __future__ import annotations

import asyncio
import json
import os
from urllib.parse import parse_qs

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_HOP_BY_HOP = frozenset({"connection", "content-encoding", "content-length", "host", "transfer-encoding"})

_tokens: dict[str, list[str]] = {}
_held: dict[str, asyncio.Event] = {}
_arrived: dict[str, int] = {}
_delivered: dict[str, int] = {}
_back = httpx.AsyncClient(base_url=f"http://{os.environ['KEYCLOAK']}:8080", timeout=60)


def _shaped(path: str, form: dict[str, list[str]], answer: httpx.Response) -> bytes:
    """Realm `microsoft` answers as Entra does: it announces no `iss`, and a refresh brings no ID token."""
    if not path.startswith("/realms/microsoft/") or not answer.is_success:
        return answer.content
    if path.endswith("/.well-known/openid-configuration"):
        told = answer.json()
        del told["authorization_response_iss_parameter_supported"]
        return json.dumps(told).encode()
    if form.get("grant_type") == ["refresh_token"]:
        return json.dumps({name: value for name, value in answer.json().items() if name != "id_token"}).encode()
    return answer.content


def _count(counts: dict[str, int], kind: str) -> None:
    counts[kind] = counts.get(kind, 0) + 1


async def _forward(request: Request) -> Response:
    body, path = await request.body(), request.url.path
    headers = [(name, value) for name, value in request.headers.items() if name not in _HOP_BY_HOP]
    public = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": os.environ["HOST"],
        "X-Forwarded-Port": os.environ["PORT"],
    }
    url = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    answer = await _back.request(request.method, url, headers=[*headers, *public.items()], content=body)
    form = parse_qs(body.decode("latin-1")) if path.endswith("/token") else {}
    kind = form.get("grant_type", [""])[0]
    _count(_arrived, kind)
    if kind in _held:
        await _held[kind].wait()
    delivered = BackgroundTask(_count, _delivered, kind)
    response = Response(_shaped(path, form, answer), answer.status_code, background=delivered)
    for name, value in answer.headers.multi_items():
        if name.lower() not in _HOP_BY_HOP:
            response.headers.append(name, value)
    return response


async def _keep(request: Request) -> Response:
    form = parse_qs((await request.body()).decode())
    _tokens.setdefault(request.path_params["realm"], []).extend(form["logout_token"])
    return Response(status_code=200)


async def _kept(request: Request) -> Response:
    return JSONResponse(_tokens.get(request.path_params["realm"], []))


async def _hold(request: Request) -> Response:
    """Hold back answers to token requests of this kind: the provider has answered, and the app has not heard of it."""
    kind = request.path_params["kind"]
    if request.method == "POST":
        _arrived[kind], _delivered[kind], _held[kind] = 0, 0, asyncio.Event()
    elif request.method == "DELETE" and kind in _held:
        _held.pop(kind).set()
    return JSONResponse({"arrived": _arrived.get(kind, 0), "delivered": _delivered.get(kind, 0)})


app = Starlette(
    routes=[
        Route("/told/{realm}", _keep, methods=["POST"]),
        Route("/told/{realm}", _kept, methods=["GET"]),
        Route("/held/{kind}", _hold, methods=["GET", "POST", "DELETE"]),
        Route("/{path:path}", _forward, methods=["GET", "HEAD", "POST", "OPTIONS"]),
    ]
)


async def _main() -> None:
    public = uvicorn.Config(app, "0.0.0.0", int(os.environ["PORT"]), log_level="warning")
    public.ssl_certfile, public.ssl_keyfile = "/run/front/front.crt", "/run/front/front.key"
    inside = uvicorn.Config(app, "0.0.0.0", 8081, log_level="warning")
    await asyncio.gather(uvicorn.Server(public).serve(), uvicorn.Server(inside).serve())


if __name__ == "__main__":
    asyncio.run(_main())
