"""The way to the database, which hears in each transaction who asks, and a kind sentence when it does not answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
import psycopg
import streamlit as st

import gatehouse

Rows = list[dict[str, Any]]


def postgres() -> gatehouse.PostgresConnection:
    """The database. Row-level security (migrations/0002) gives each viewer their rows, whatever a query asks for."""
    return st.connection("postgres", type=gatehouse.PostgresConnection)


def rows(frame: pd.DataFrame) -> Rows:
    """The rows as dicts, with None for NULL."""
    plain = frame.astype(object)
    return [
        dict(zip(frame.columns, row, strict=True)) for row in plain.where(plain.notna(), None).itertuples(index=False)
    ]


@contextmanager
def outage_explained() -> Iterator[None]:
    """Turn a database that is down, restarting or too slow into one sentence, and stop the page there."""
    try:
        yield
    except psycopg.OperationalError as error:
        logging.getLogger(__name__).warning("database unavailable: %s", error)
        st.error(
            "The database does not answer right now. Nothing of yours is lost: please try again in a minute.",
            icon=":material/cloud_off:",
        )
        st.stop()
