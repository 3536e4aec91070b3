"""A small query asked in three ways, in turns; shows the seconds of CPU that each took."""

import json
import time
from collections.abc import Callable

import pandas as pd
import psycopg
import streamlit as st

import gatehouse
from gatehouse.data.connection import app_parameters

COUNT = 50


@st.cache_resource
def bare() -> psycopg.Connection:
    return psycopg.connect(**app_parameters(), autocommit=True)


def rows() -> list[tuple[object, ...]]:
    sql = "SELECT n, 'item ' || n AS name, n * 1.5::float8 AS price FROM generate_series(1, %(count)s) AS n"
    return bare().execute(sql, {"count": 10}).fetchall()


def rows_as_frame() -> pd.DataFrame:
    return pd.DataFrame(rows(), columns=["n", "name", "price"])


def query() -> pd.DataFrame:
    sql = "SELECT n, 'item ' || n AS name, n * 1.5::float8 AS price FROM generate_series(1, :count) AS n"
    return postgres.query(sql, {"count": 10})


def cpu(ask: Callable[[], object]) -> float:
    """Seconds of CPU of the whole process for one call."""
    start = time.process_time()
    for _ in range(COUNT):
        ask()
    return (time.process_time() - start) / COUNT


st.slider("Number", 0, 100, 50)
postgres = st.connection("postgres", type=gatehouse.PostgresConnection)
ways = {"rows": rows, "frame": rows_as_frame, "query": query}
there = {name: cpu(ask) for name, ask in ways.items()}
back = {name: cpu(ask) for name, ask in reversed(ways.items())}
st.text(json.dumps({name: [there[name], back[name]] for name in ways}))
