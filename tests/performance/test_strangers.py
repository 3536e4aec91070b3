"""What it costs to refuse somebody who is not signed in, against the session that plain Streamlit gives them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from statistics import fmean

import httpx

from performance.conftest import Report
from performance.figures import interval
from performance.load import visitor
from performance.report import Section
from performance.servers import Server, idle_cpu
from performance.sharing import Ground
from performance.spending import Costs, cost
from support.person import NAVIGATION

HOW = """A stranger's session at plain `streamlit run` (defaults, no TLS; app `table`): the page, a websocket, the first
run of the script. A stranger at Gatehouse: through nginx, each on a TLS connection of its own, handshake included; a
page is led to the sign-in, a websocket refused. CPU time of each container, less what it uses with nobody there; all
are measured in turns. Aim for the app: at most 1/100."""


def session(server: Server) -> None:
    """All that an anonymous visitor gets of Streamlit at first."""
    assert server.http.get("/", headers=NAVIGATION).status_code == httpx.codes.OK
    with visitor(server) as tab:
        tab.open()


def refused(http: httpx.Client, url: str, headers: Mapping[str, str], status: int) -> None:
    """A stranger's request."""
    assert http.get(url, headers=dict(headers)).status_code == status


def test_what_a_stranger_costs(ground: Ground, full: bool, report: Report) -> None:  # noqa: FBT001
    rounds, sessions, requests, still = (5, 10, 150, 6.0) if full else (1, 2, 10, 0.5)
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "streamlit",
        "Origin": ground.project.app_url,
    }
    found: dict[str, list[Costs]] = {}
    with ExitStack() as stack:
        gate, ungated, plain = stack.enter_context(ground.serve("table", "gate", "ungated", "plain"))
        nginx = stack.enter_context(ground.front())
        http = stack.enter_context(ground.project.http())
        for server in (ungated, plain):
            session(server)  # loads pandas and the rest
        rates = idle_cpu([gate, nginx, ungated, plain], still)
        page = partial(refused, http, f"{ground.project.app_url}/", NAVIGATION, httpx.codes.FOUND)
        socket = partial(refused, http, f"{ground.project.app_url}/_stcore/stream", handshake, httpx.codes.FORBIDDEN)
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
