"""One replica of an app: many viewers at once, each with mixed queries. Prints what they saw as JSON."""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

import streamlit as st
from streamlit import config

import gatehouse
from support.viewing import seen_by

ALL = "select body from note order by id"
LIKE = "select body from note where body like :some"


class Crash(Exception):  # noqa: N818
    """What a page may raise in mid-transaction."""


def crash(postgres: gatehouse.PostgresConnection) -> None:
    with postgres.transaction() as cursor:
        cursor.execute("update note set body = body || ' (lost)'")
        raise Crash


def batches(postgres: gatehouse.PostgresConnection) -> list[str]:
    return [body for batch in postgres.batches(ALL, size=3) for body in batch["body"]]


def transaction(postgres: gatehouse.PostgresConnection) -> list[str]:
    with postgres.transaction() as cursor:
        return [row["body"] for row in cursor.execute(ALL).fetchall()]


def after_a_crash(postgres: gatehouse.PostgresConnection) -> list[str]:
    with suppress(Crash):
        crash(postgres)
    return list(postgres.query(ALL)["body"])


def after_a_change(postgres: gatehouse.PostgresConnection) -> list[str]:
    postgres.execute("update note set body = body where body like :some", {"some": "user%"})
    return list(postgres.query(ALL)["body"])


def beside_shared(postgres: gatehouse.PostgresConnection) -> list[str]:
    nobodys = postgres.query(ALL, shared=True, ttl=0.2)["body"]
    return [*nobodys, *postgres.query(ALL, ttl="10m")["body"]]


KINDS: list[Callable[[gatehouse.PostgresConnection], list[str]]] = [
    lambda postgres: list(postgres.query(ALL)["body"]),
    lambda postgres: list(postgres.query(ALL, ttl=0.2)["body"]),
    lambda postgres: list(postgres.query(LIKE, {"some": "%note%"}, ttl=600)["body"]),
    batches,
    transaction,
    after_a_crash,
    after_a_change,
    beside_shared,
]


def main(secrets: str, viewers: int, queries: int) -> None:
    config.set_option("secrets.files", [secrets])
    postgres = st.connection("postgres", type=gatehouse.PostgresConnection)
    together = Barrier(viewers)

    def look(number: int) -> Counter[str]:
        me, seen, chance = f"user {number}", Counter[str](), random.Random(number)  # noqa: S311
        own = {f"{me} note {note}" for note in range(1, 5)}
        together.wait()
        with seen_by(me, "staff"):
            for _ in range(queries):
                found = chance.choice(KINDS)(postgres)
                seen["asked"] += 1
                seen["rows"] += len(found)
                seen["foreign"] += sum(body not in own for body in found) + (set(found) != own)
        return seen

    with ThreadPoolExecutor(viewers) as threads:
        total = sum(threads.map(look, range(viewers)), Counter[str]())
    total["connections"] = postgres._instance.get_stats()["pool_size"]  # noqa: SLF001
    sys.stdout.write(json.dumps({"foreign": 0, **total}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
