from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette

from gatehouse.health import route


def ask(method: str = "GET") -> httpx.Response:
    async def request() -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=[route.route(lambda: {"status": "ok"})]))
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return await client.request(method, "/healthz")

    return asyncio.run(request())


@pytest.fixture
def stopping() -> Iterator[None]:
    route.stopping.set()
    yield
    route.stopping.clear()


def test_without_streamlits_runtime_it_is_unavailable() -> None:
    response = ask()
    assert response.status_code == 503
    assert response.headers["cache-control"] == "no-store"
    assert response.json() == {"status": "unavailable", "part": "runtime"}


def test_a_probe_may_ask_for_the_head_alone() -> None:
    assert ask("HEAD").status_code == 503


@pytest.mark.usefixtures("stopping")
def test_a_stopping_process_is_unavailable() -> None:
    assert ask().json() == {"status": "unavailable", "part": "process"}


def test_nothing_but_reading_is_answered() -> None:
    assert ask("POST").status_code == 405
