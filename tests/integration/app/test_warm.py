"""The first visitor finds everything loaded, and what scripts leave behind does not pile up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.command import run
from support.served import served
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
late = {name.partition(".")[0] for name in set(sys.modules) - before}
st.text(f"late: {sorted(late & {'streamlit', 'pandas', 'pyarrow', 'altair', 'numpy', 'narwhals'})}")
"""

# A function refers to its module, and so to the data: a cycle of 16 MB after each run.
LEAVING = """
import streamlit as st
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
        assert "late: []" in app.session()


def test_what_scripts_leave_is_collected(database: Stack, folder: Path) -> None:
    (folder / "main.py").write_text(LEAVING, encoding="utf-8")
    with served(database, folder) as app:
        for _ in range(20):
            assert "16000000" in app.session()
        limit = json.loads(run(["docker", "inspect", app.name]).stdout)[0]["HostConfig"]["Memory"]
        used = int(app.exec("cat", "/sys/fs/cgroup/memory.current").stdout)
        highest = int(app.exec("cat", "/sys/fs/cgroup/memory.peak").stdout)
    assert used < highest <= limit
    assert highest < 350_000_000
