"""What it costs to refuse somebody who is not signed in, against the session that plain Streamlit gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from statistics import fmean

import httpx

from performance.conftest import Report
from performance.figures import alternate, interval
from performance.load import visitor
from performance.report import Section
from performance.servers import Server, idle_cpu
from performance.sharing import Ground
from performance.spending import Costs, cost
from performance.ways import http_through_nginx
from support.person import NAVIGATION

HOW = """A stranger at plain `streamlit run` (defaults, no TLS; app `table`) is given the page, and with a websocket a
session and the first run of the script. A stranger at Gatehouse, through nginx: a page is led to the sign-in, a
websocket refused; on a TLS connection that is kept, and on one of its own each time. CPU time of each container, less
what it uses with nobody there; all are measured in turns. Aim: the app's at most 1/100 of a session; nginx's and the
app's together at most 1/100 of a session for a websocket, and at most plain's page for a page."""


def page(server: Server) -> None:
    """Streamlit's page, for anybody."""
    assert server.http.get("/", headers=NAVIGATION).status_code == httpx.codes.OK


def session(server: Server) -> None:
    """All that an anonymous visitor gets of Streamlit at first."""
    page(server)
    with visitor(server) as tab:
        tab.open()


def refused(http: httpx.Client, url: str, headers: Mapping[str, str], status: int) -> None:
    """A stranger's request."""
    assert http.get(url, headers=dict(headers)).status_code == status


def share(costs: Sequence[Costs], of: Sequence[Costs]) -> str:
    """What part of plain's they are, all containers together."""
    return interval([sum(one) / sum(base) for one, base in zip(costs, of, strict=True)]).as_one_in()


def test_what_a_stranger_costs(ground: Ground, full: bool, report: Report) -> None:  # noqa: FBT001
    rounds, sessions, requests, still = (5, 10, 150, 6.0) if full else (1, 2, 10, 0.5)
    url = ground.project.app_url
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "streamlit",
        "Origin": url,
    }
    with ExitStack() as stack:
        gate, ungated, plain = stack.enter_context(ground.serve("table", "gate", "ungated", "plain"))
        nginx = stack.enter_context(ground.front())
        kept, anew = stack.enter_context(http_through_nginx(nginx, url)), stack.enter_context(ground.project.http())
        for server in (ungated, plain):
            session(server)  # loads pandas and the rest
        rates = idle_cpu([gate, nginx, ungated, plain], still)
        ours, idle = [gate, nginx], rates[:2]
        turns = {
            "plain: a page": partial(cost, [plain], rates[3:], partial(page, plain), requests),
            "plain: a session": partial(cost, [plain], rates[3:], partial(session, plain), sessions),
            "without the gate: a session": partial(cost, [ungated], rates[2:3], partial(session, ungated), sessions),
        }
        for name, http in (("", kept), (", new connection", anew)):
            visit = partial(refused, http, f"{url}/", NAVIGATION, httpx.codes.FOUND)
            turns[f"refusing a page{name}"] = partial(cost, ours, idle, visit, requests)
            visit = partial(refused, http, f"{url}/_stcore/stream", handshake, httpx.codes.FORBIDDEN)
            turns[f"refusing a websocket{name}"] = partial(cost, ours, idle, visit, requests)
        found = dict(zip(turns, alternate(*turns.values(), pairs=rounds), strict=True))
    table = [
        ["", "app's CPU", "nginx's CPU", "app's against plain's session", "both against plain's page or session (95 %)"]
    ]
    for name, costs in found.items():
        app, *behind = (f"{1000 * fmean(values):.2f} ms" for values in zip(*costs, strict=True))
        same = found[f"plain: {'a page' if 'a page' in name else 'a session'}"]
        alone, both = share([one[:1] for one in costs], found["plain: a session"]), share(costs, same)
        table.append([name, app, *(behind or ["-"]), *(("1", "1") if name.startswith("plain") else (alone, both))])
    still_standing = (f"{1000 * rate:.1f} ms" for rate in rates[:2])
    table.append(["nobody there, a second", *still_standing, "", ""])
    report(Section("What a stranger costs", HOW, table))
    assert len(table) == 9
