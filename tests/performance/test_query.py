"""What `PostgresConnection.query` adds to a small query: viewer, transaction, checks and types."""

from __future__ import annotations

import json
from itertools import chain
from statistics import fmean

from performance.conftest import Report
from performance.figures import interval
from performance.load import visitor
from performance.report import Section
from performance.servers import serve
from support.stack import Stack

HOW = """Ten rows of three columns, asked a hundred times in each run of a signed-in user's script, in turns. CPU time
of the app's process for one call. psycopg: one connection in autocommit, `execute` and `fetchall`. `query()`: a checked
connection from the pool, a transaction that first tells Postgres who asks, and forgets it; a DataFrame with the
database's types. Aim: at most 0.30 ms over psycopg and a DataFrame."""


def test_what_query_adds(database: Stack, full: bool, report: Report) -> None:  # noqa: FBT001
    rounds, reruns = (5, 10) if full else (1, 1)
    found: dict[str, list[float]] = {"rows": [], "frame": [], "query": []}
    for _ in range(rounds):
        with serve(database, "query", "gate") as (server,), visitor(server, server.cookies()) as tab:
            tab.open()
            answers = [json.loads(tab.rerun_for_text()) for _ in range(reruns)]
        for way, figures in found.items():
            figures.append(fmean(chain.from_iterable(answer[way] for answer in answers)))
    table = [["asked by", "CPU of a call (95 %)", "over psycopg and a DataFrame"]]
    for way, name in {"rows": "psycopg", "frame": "psycopg, as a DataFrame", "query": "`query()`"}.items():
        over = [1000 * (mine - base) for mine, base in zip(found[way], found["frame"], strict=True)]
        table.append([name, interval([1000 * one for one in found[way]]).as_milliseconds(), f"{fmean(over):+.2f} ms"])
    report(Section("What a query costs", HOW, table))
    assert len(table) == 4
