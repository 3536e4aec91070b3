"""The first visitor finds everything loaded, and what scripts leave behind does not pile up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.served import Served, served
from support.stack import Stack

FIRST = """
import sys
before = set(sys.modules)
import pandas as pd
import streamlit as st

frame = pd.DataFrame({"a": [1, 2], "b": [1.5, 2.5]})
st.sidebar.slider("Number", 0, 100)
st.dataframe(frame)
st.line_chart(frame)
st.cache_data(lambda: frame)()
with st.form("form"):
    st.text_input("Text")
    st.form_submit_button("Send")
packages = {"streamlit", "pandas", "pyarrow", "altair", "numpy", "narwhals"}
late = sorted(name for name in set(sys.modules) - before if name.partition(".")[0] in packages)
st.text(f"late: {late}")
"""

# A function refers to its module, and so to the data: a cycle of 16 MB after each run. Another is the connection that
# Streamlit takes from SQLAlchemy's pool, which has 15.
LEAVING = """
import gatehouse
import streamlit as st
connection = st.connection("sql", type="sql", url="postgresql+psycopg://", creator=gatehouse.connect)
connection.query("select 1", ttl=0)
st.text(f"taken: {connection.engine.pool.checkedout()};")
data = bytearray(16_000_000)
def show():
    st.text(f"{len(data)}")
show()
"""


@pytest.fixture
def folder(database: Stack, request: pytest.FixtureRequest) -> Path:
    folder = database.directory / str(request.node.name)
    folder.mkdir()
    return folder


def test_the_first_visitor_waits_for_no_import(database: Stack, folder: Path) -> None:
    (folder / "main.py").write_text(FIRST, encoding="utf-8")
    with served(database, folder) as app:
        shown = app.session()
    late = re.search(r"late: \[(.*)\]", shown)
    assert late
    assert late[1].replace("\\", "").split(", ") == [""]


def test_what_scripts_leave_is_collected(database: Stack, folder: Path) -> None:
    (folder / "main.py").write_text(LEAVING, encoding="utf-8")
    with served(database, folder) as app:
        before = peak(app)
        for _ in range(14):
            shown = app.session()
            assert "16000000" in shown
            assert re.search("taken: [1-3];", shown), shown
        after = peak(app)
    # All fourteen would be 224 MB.
    assert after - before < 160_000_000


def peak(app: Served) -> int:
    """Bytes of memory that the server has ever had."""
    lines = app.exec("sh", "-c", "grep --no-filename VmHWM /proc/[0-9]*/status").stdout.splitlines()
    return max(int(line.split()[1]) for line in lines) * 1024
