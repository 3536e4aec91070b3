"""The way to the database: one transaction per viewer, and a kind sentence when it does not answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
import streamlit as st
from psycopg.rows import DictRow, dict_row

from gatehouse.data.pool import pool

if TYPE_CHECKING:
    from people import Viewer


@contextmanager
def transaction(viewer: Viewer) -> Iterator[psycopg.Cursor[DictRow]]:  # noqa: ARG001 -- see below
    """Open a transaction on behalf of `viewer`: committed at the end, rolled back if anything is raised.

    Every query of this app goes through here, so row-level security has one place in which to learn who asks.
    """
    with pool().connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        yield cursor


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
