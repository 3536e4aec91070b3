"""The author's secrets: each of Streamlit's ways to read them, in a running app, and a change while it runs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import ROOT
from support.served import Served, served
from support.stack import Stack
from support.waiting import until

SCRIPT = """
import os
import streamlit as st

st.text(f"root: {st.secrets['OPENAI_API_KEY']} {st.secrets.OPENAI_API_KEY} {st.secrets.get('OPENAI_API_KEY')};")
st.text(f"environment: {os.environ['OPENAI_API_KEY']} {'host' in os.environ};")
st.text(f"nested: {st.secrets['database']['host']} {st.secrets.database.host};")
st.text(f"connection: {st.secrets['connections']['mydb']['host']} {st.secrets.connections.mydb.password};")
st.text(f"default: {st.secrets.get('OPTIONAL_KEY', 'default')} {st.secrets.database.get('port', 5432)};")
st.text(f"auth: {st.secrets.auth.client_id} {sorted(st.secrets.auth.google)};")
st.text(f"in: {'OPENAI_API_KEY' in st.secrets} {'OPTIONAL_KEY' in st.secrets};")
"""


def template() -> str:
    """The template, filled in: without the # in front of each entry."""
    text = (ROOT / "docs/secrets.example.toml").read_text(encoding="utf-8")
    return re.sub(r"^#(?=\S)", "", text, flags=re.MULTILINE)


def provide(stack: Stack, text: str) -> None:
    """What an operator does: write the file, closed to others."""
    path = stack.secrets / "provided/secrets.toml"
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def app(database: Stack) -> Iterator[Served]:
    """An app that reads them, beside the service that follows the operator's file."""
    folder: Path = database.directory / "secrets-app"
    folder.mkdir()
    (folder / "main.py").write_text(SCRIPT, encoding="utf-8")
    provide(database, template())
    database.job("prepare")
    database.compose("up", "--detach", "--no-build", "--no-deps", "renew")
    try:
        with served(database, folder) as app:
            yield app
    finally:
        database.compose("rm", "--force", "--stop", "renew")
        (database.secrets / "provided/secrets.toml").unlink()
        database.job("prepare")


def test_the_template_has_each_form() -> None:
    found = tomllib.loads(template())
    assert found.keys() == {"OPENAI_API_KEY", "database", "connections", "auth"}
    assert tomllib.loads((ROOT / "docs/secrets.example.toml").read_text(encoding="utf-8")) == {}


def test_every_way_to_read_them_works(app: Served) -> None:
    shown = app.session()
    assert "root: sk-... sk-... sk-...;" in shown
    assert "environment: sk-... False;" in shown
    assert "nested: db.example.com db.example.com;" in shown
    assert "connection: db.example.com ...;" in shown
    assert "default: default 5432;" in shown
    assert "in: True False;" in shown
    assert re.search(r"auth: app \[.client_id., .client_secret., .server_metadata_url.\];", shown.replace("\\", ""))


def test_a_change_is_picked_up_while_the_app_runs(app: Served, database: Stack) -> None:
    provide(database, template().replace("sk-...", "sk-changed").replace("db.example.com", "new.example.com"))
    until(lambda: "root: sk-changed sk-changed sk-changed;" in app.session(), 15)
    shown = app.session()
    assert "environment: sk-changed" in shown
    assert "nested: new.example.com new.example.com;" in shown


def test_a_mistake_leaves_what_was_there_and_is_named_by_its_place(app: Served, database: Stack) -> None:
    before = app.session().partition(";")[0]
    provide(database, template() + "\nBROKEN = hunter2\n")
    line = len(template().splitlines()) + 2
    told = f"secrets/provided/secrets.toml: is not TOML at line {line}, column 10; mend that line"
    until(lambda: told in database.logs("renew"), 15)
    assert app.session().partition(";")[0] == before
    assert "hunter2" not in database.logs("renew") + app.logs()
    refused = database.job("prepare", check=False)
    assert refused.returncode != 0
    assert told in refused.stderr
    assert "hunter2" not in refused.stdout + refused.stderr
