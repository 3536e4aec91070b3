"""make dev: what is saved shows in the open tab, behind the real gate; nowhere but on the author's own machine."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.lines import Lines
from support.served import SESSION, Served, refused, served
from support.stack import Stack

DEV = ["--env", "DEV=yes"]
SCRIPT = """
import streamlit as st
import words
st.text(words.SHOWN)
"""


@pytest.fixture
def folder(database: Stack, request: pytest.FixtureRequest) -> Path:
    folder = database.directory / str(request.node.name)
    folder.mkdir()
    (folder / "main.py").write_text(SCRIPT, encoding="utf-8")
    (folder / "words.py").write_text("SHOWN = 'first'", encoding="utf-8")
    return folder


@contextmanager
def tab(app: Served, seconds: int) -> Iterator[Lines]:
    """What an open tab shows, line by line, while it is there."""
    command = ["docker", "exec", "--interactive", app.name, "python", "-", "", str(seconds), "0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(SESSION)
        process.stdin.close()
        try:
            yield Lines(process.stdout)
        finally:
            process.kill()


def test_what_is_saved_shows_in_the_open_tab_within_two_seconds(database: Stack, folder: Path) -> None:
    with served(database, folder, *DEV) as app, tab(app, 60) as lines:
        assert lines.seen("first", 20)
        for name, text, word in (
            ("main.py", SCRIPT + "st.text('second')", "second"),
            ("words.py", "SHOWN = 'third'", "third"),
        ):
            (folder / name).write_text(text, encoding="utf-8")
            assert lines.seen(word, 2), word
        # As many editors save: another file takes its place.
        (folder / "new").write_text(SCRIPT + "st.text('fourth')", encoding="utf-8")
        (folder / "new").replace(folder / "main.py")
        assert lines.seen("fourth", 2)


def test_errors_are_shown_in_full(database: Stack, folder: Path) -> None:
    with served(database, folder, *DEV) as app, tab(app, 60) as lines:
        assert lines.seen("first", 20)
        (folder / "main.py").write_text("raise RuntimeError('what went wrong')", encoding="utf-8")
        assert lines.seen("what went wrong", 2)
        log = app.logs()
    assert "Traceback (most recent call last):\n" in log
    assert "RuntimeError: what went wrong\n" in log


def test_as_it_is_served_a_saved_file_changes_nothing(database: Stack, folder: Path) -> None:
    with served(database, folder) as app, tab(app, 60) as lines:
        assert lines.seen("first", 20)
        (folder / "main.py").write_text(SCRIPT + "st.text('second')", encoding="utf-8")
        assert lines.seen("second", 4) is None


def test_it_does_not_exist_under_another_name(database: Stack, folder: Path) -> None:
    (folder / "data").mkdir()
    told = refused(database, "--volume", f"{folder}:/srv/app:ro", *DEV, "--env", "DOMAIN=example.com")
    assert told.startswith("DEV is for DOMAIN=localhost alone")
