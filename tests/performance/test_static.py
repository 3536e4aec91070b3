"""How fast Streamlit's own files are served, and what a TLS handshake costs."""

from __future__ import annotations

from functools import partial
from statistics import fmean

from performance.conftest import Report
from performance.figures import alternate, interval
from performance.hammer import Target, hammer
from performance.plot import Bar, Plot
from performance.report import Section
from performance.servers import PORT, Server
from performance.sharing import Ground
from support.command import run

HOW = """Either server on one core, h2load on the other; twenty connections. Plain: HTTP/1.1 in clear text, one request
at a time on each. Gatehouse: HTTP/2 over TLS 1.3, fifty at a time on each, as a page asks for its files, and
compressed as a browser gets them. Handshakes: a full one (ECDSA P-256) and one small file for each of a thousand
connections."""

CONNECTIONS, AT_ONCE = 20, 50
_FOLDER = "/opt/venv/lib/python3.13/site-packages/streamlit/static"


def files(server: Server) -> dict[str, str]:
    """Paths of a small script and of the largest."""
    find = ["find", f"{_FOLDER}/static/js", "-name", "*.js", "-printf", "%s %P\\n"]
    found = sorted((int(line.split()[0]), line.split()[1]) for line in _inside(server, *find).splitlines())
    small = next(one for one in found if one[0] > 500)
    index = next(one for one in reversed(found) if one[1].startswith("index.") and one[0] < 600_000)
    return {
        f"script of {small[0] / 1000:.1f} kB": f"/static/js/{small[1]}",
        f"script of {index[0] / 1000:.0f} kB": f"/static/js/{index[1]}",
    }


def _inside(server: Server, *command: str) -> str:
    return run(["docker", "exec", server.name, *command]).stdout


def test_static_files_and_handshakes(ground: Ground, full: bool, report: Report) -> None:  # noqa: FBT001
    rounds, few, many, handshakes = (5, 1000, 20_000, 1000) if full else (1, 20, 200, 50)
    with ground.serve("table", "plain", "gate") as (plain, _), ground.front() as nginx:
        nginx.pin(0)
        paths = files(plain)
        table, bars = [["", "plain", "Gatehouse", "better (95 %)"]], []
        for name, path in paths.items():
            theirs = Target(f"http://{plain.host}{path}", (plain.address, PORT), tls=False)
            ours = Target(f"{ground.project.app_url}{path}", nginx.address, tls=True)
            rates = alternate(
                partial(hammer, theirs, requests=few, connections=CONNECTIONS),
                partial(hammer, ours, requests=many, connections=CONNECTIONS, at_once=AT_ONCE),
                pairs=rounds,
            )
            better = interval([a / b for a, b in zip(rates[1], rates[0], strict=True)])
            table.append([f"{name}, requests a second", *(f"{fmean(one):,.0f}" for one in rates), better.as_times()])
            bars.append(Bar(name, better))
        small = Target(f"{ground.project.app_url}{next(iter(paths.values()))}", nginx.address, tls=True)
        spent = nginx.cpu_at_rest()
        found = [hammer(small, requests=handshakes, connections=handshakes) for _ in range(rounds)]
        each = (nginx.cpu_at_rest() - spent) / (rounds * handshakes)
        table.append(["TLS handshakes a second", "-", f"{fmean(found):,.0f} ({1000 * each:.2f} ms of CPU each)", ""])
    report(Section("Static files and TLS", HOW, table, Plot("static", "times as many a second, over TLS", bars)))
    assert len(table) == 4
