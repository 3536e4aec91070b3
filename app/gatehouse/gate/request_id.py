"""The id that nginx gave the request: one through its log, the app's and Postgres'.

What a script does belongs to the request with which its tab opened its websocket.
"""

from __future__ import annotations

import re
from contextvars import ContextVar

import streamlit as st
from starlette.types import Scope
from streamlit.runtime.scriptrunner import get_script_run_ctx

HEADER = "x-request-id"

_FORM = re.compile(r"[0-9a-f]{32}")
_of_task: ContextVar[str] = ContextVar("request_id", default="")


def remember(scope: Scope) -> None:
    """Have `current` return the id of this request for as long as the running task serves it."""
    values = [value.decode("latin-1") for name, value in scope["headers"] if name == HEADER.encode()]
    _of_task.set(_valid(values[0]) if len(values) == 1 else "")


def current() -> str:
    """Return the id of the request that is being served, or "" outside of one."""
    if known := _of_task.get():
        return known
    # A script has a thread of its own, whose context is empty.
    if get_script_run_ctx(suppress_warning=True) is None:
        return ""
    return _valid(st.context.headers.get(HEADER) or "")


def application_name(app: str) -> str:
    """Return what Postgres is told, and writes into its log: the app, and the request. At most 63 bytes."""
    known = current()
    return f"{app[:30]} {known}" if known else app


def _valid(text: str) -> str:
    # nginx makes it, and nobody else reaches this process; but it goes into logs.
    return text if _FORM.fullmatch(text) else ""
