"""The made-up developer of a laptop does not exist where the gate stands, whatever environment, secrets or app say."""

from __future__ import annotations

from support.served import served
from support.stack import Stack

SCRIPT = """
import os
os.environ["GATEHOUSE_DEV_ROLES"] = "admin"
import gatehouse
import streamlit as st

person = gatehouse.viewer()
st.text(f"viewer: {person.name} {person.subject} {sorted(person.roles)}")
gatehouse.require(role="admin")
st.text("administration")
"""
EVE = ["--env", "GATEHOUSE_DEV_USER=Eve <eve@example.com>", "--env", "GATEHOUSE_DEV_SUBJECT=eve"]


def test_behind_the_gate_the_viewer_is_the_session(database: Stack) -> None:
    folder = database.directory / "viewer"
    folder.mkdir()
    (folder / "main.py").write_text(SCRIPT, encoding="utf-8")
    with served(database, folder, *EVE) as app:
        text = app.session()
    assert "viewer: Sam sam []" in text
    assert "Eve" not in text
    assert "administration" not in text
    assert "This is not open to you" in text
