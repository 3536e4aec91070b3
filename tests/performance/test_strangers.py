"""What it costs to refuse somebody who is not signed in, against the session that plain Streamlit gives them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from statistics import fmean

import httpx

from performance.conftest import Report
from performance.figures import interval
from performance.load import visitor
from performance.report import Section
from performance.servers import Container, Server, front, idle_cpu, serve
from support.person import NAVIGATION
from support.stack import Stack

HOW = """A stranger's session at plain `streamlit run` (defaults, no TLS; app `table`): the page, a websocket, the first
run of the script. A stranger at Gatehouse: through nginx, each on a TLS connection of its own, handshake included; a
page is led to the sign-in, a websocket refused. CPU time of each container, less what it uses with nobody there; all
are measured in turns. Aim for the app: at most 1/100."""

Costs = list[float]
"""Seconds of CPU for each visit: of the app and, behind it, of nginx."""


def cost(containers: Sequence[Container], idle: Sequence[float], visit: Callable[[], None], times: int) -> Costs:
    """What each container spends on one visit."""
    before, start = [one.cpu_at_rest() for one in containers], time.monotonic()
    for _ in range(times):
        visit()
    after, took = [one.cpu_at_rest() for one in containers], time.monotonic() - start
    # A cost below what can be told from nothing counts as a microsecond.
    return [max((b - a - rate * took) / times, 1e-6) for a, b, rate in zip(before, after, idle, strict=True)]


def session(server: Server) -> None:
    """All that an anonymous visitor gets of Streamlit at first."""
    assert server.http.get("/", headers=NAVIGATION).status_code == httpx.codes.OK
    with visitor(server) as tab:
        tab.open()


def refused(http: httpx.Client, url: str, headers: Mapping[str, str], status: int) -> None:
    """A stranger's request."""
    assert http.get(url, headers=dict(headers)).status_code == status


def test_what_a_stranger_costs(database: Stack, full: bool, report: Report) -> None:  # noqa: FBT001
    rounds, sessions, requests, still = (5, 10, 150, 6.0) if full else (1, 2, 10, 0.5)
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "streamlit",
        "Origin": database.app_url,
    }
    found: dict[str, list[Costs]] = {}
    with ExitStack() as stack:
        gate, ungated, plain = stack.enter_context(serve(database, "table", "gate", "ungated", "plain"))
        nginx = stack.enter_context(front(database))
        http = stack.enter_context(database.http())
        for server in (ungated, plain):
            session(server)  # loads pandas and the rest
        rates = idle_cpu([gate, nginx, ungated, plain], still)
        page = partial(refused, http, f"{database.app_url}/", NAVIGATION, httpx.codes.FOUND)
        socket = partial(refused, http, f"{database.app_url}/_stcore/stream", handshake, httpx.codes.FORBIDDEN)
        turns = {
            "plain: a session": partial(cost, [plain], rates[3:], partial(session, plain), sessions),
            "without the gate: a session": partial(cost, [ungated], rates[2:3], partial(session, ungated), sessions),
            "refusing a page": partial(cost, [gate, nginx], rates[:2], page, requests),
            "refusing a websocket": partial(cost, [gate, nginx], rates[:2], socket, requests),
        }
        for number in range(rounds):
            for name, turn in list(turns.items())[:: 1 if number % 2 == 0 else -1]:
                found.setdefault(name, []).append(turn())
    table = [["", "app's CPU", "nginx's CPU", "app's against plain's session (95 %)"]]
    for name in turns:
        share = interval([one[0] / base[0] for one, base in zip(found[name], found["plain: a session"], strict=True)])
        app, *behind = (f"{1000 * fmean(costs):.2f} ms" for costs in zip(*found[name], strict=True))
        table.append([name, app, *(behind or ["-"]), "1" if name.startswith("plain") else share.as_one_in()])
    alone = (f"{1000 * rate:.1f} ms" for rate in rates[:2])
    table.append(["nobody there, a second", *alone, ""])
    report(Section("What a stranger costs", HOW, table))
    assert len(table) == 6
