"""Uploads into the app's container, as it is deployed: what they cost in memory, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.command import run
from support.stack import Stack
from support.waiting import until

TABS = (Path(__file__).parent / "tabs.py").read_text(encoding="utf-8")
SCRIPT = """
import streamlit as st

if "gone" in st.query_params:
    st.text("gone")
else:
    file = st.file_uploader("File")
    st.text(f"size: {file.size if file else None}")
"""
MEBIBYTE = 1024 * 1024
SIZE = 200 * MEBIBYTE


@pytest.fixture(scope="module")
def database(parts: Stack) -> Stack:
    """A project of which only Postgres runs, its roles and tables made."""
    parts.compose("up", "--detach", "--wait", "--no-build", "postgres", timeout=180)
    parts.job("roles")
    parts.job("migrate")
    folder = parts.directory / "app"
    (folder / "data").mkdir(parents=True)  # where the volume is mounted
    (folder / "main.py").write_text(SCRIPT, encoding="utf-8")
    return parts


@pytest.fixture
def app(database: Stack) -> Iterator[str]:
    """The name of a fresh container of the app."""
    name = f"{database.project}-uploads"
    options = ["--detach", "--no-deps", "--name", name, "--volume", f"{database.directory}/app:/srv/app:ro"]
    database.compose("run", *options, "app")
    try:
        health = ["docker", "exec", name, "python", "-m", "gatehouse.health"]
        until(lambda: run(health, check=False).returncode == 0, 60)
        yield name
    finally:
        run(["docker", "rm", "--force", name])


def tabs(name: str, *words: object) -> dict[str, Any]:
    command = ["docker", "exec", "--interactive", name, "python", "-", *map(str, words)]
    result: dict[str, Any] = json.loads(run(command, stdin=TABS, timeout=400).stdout)
    return result


def logged(name: str) -> list[dict[str, Any]]:
    result = run(["docker", "logs", name])
    return [json.loads(line) for line in (result.stdout + result.stderr).splitlines()]


def test_large_file_is_held_once_and_let_go(app: str) -> None:
    seen = tabs(app, "one", 200)
    added = {key: seen[key] - seen["before"] for key in ("peak", "held", "used", "vanished", "again")}
    assert (seen["status"], seen["undeclared"]) == (204, 204)
    assert seen["shown"] == f"size: {SIZE}"
    assert added["peak"] <= 2.2 * SIZE
    # It is in memory once, and a script that looks at it makes no second copy.
    assert all(0.9 * SIZE < added[key] < 1.25 * SIZE for key in ("held", "used", "again")), added
    # The widget is gone, or the user took the file out.
    assert added["vanished"] < 0.25 * SIZE
    status, memory = seen["deleted"]
    assert status == 204
    assert memory - seen["before"] < 0.25 * SIZE
    assert "200 MB" in json.dumps(seen["second"])
    assert seen["over"] == [413, "A file may have 200 MB at most; this one is larger."]
    refused = [line for line in logged(app) if line["message"] == "upload refused"]
    assert [line["limit"] for line in refused] == ["session", "file"]


@pytest.mark.parametrize("sessions", [30, pytest.param(100, marks=pytest.mark.drill)])
def test_more_than_fits_is_refused_politely_and_the_app_stays_up(app: str, sessions: int) -> None:
    seen = tabs(app, "many", sessions, 20)
    assert seen["alive"] == sessions
    answers = seen["answers"]
    accepted = answers.pop("204: ")
    # Two fifths of a gibibyte.
    assert accepted == 20
    assert answers == {
        "503: There is no room for more uploads just now. Try again in a few minutes.": sessions - accepted
    }
    assert seen["peak"] - seen["before"] < 500 * MEBIBYTE
    state = json.loads(run(["docker", "inspect", app]).stdout)[0]
    assert (state["State"]["Running"], state["State"]["OOMKilled"], state["RestartCount"]) == (True, False, 0)
    lines = logged(app)
    assert not [line for line in lines if "exc_info" in line]
    assert len([line for line in lines if line["message"] == "upload refused"]) == sessions - accepted


def test_file_size_that_cannot_fit_stops_the_start_with_one_line(database: Stack) -> None:
    folder = f"{database.directory}/app:/srv/app:ro"
    options = ["--rm", "--no-deps", "--no-TTY", "--env", "MAX_UPLOAD_MB=500", "--volume", folder]
    result = database.compose("run", *options, "app", check=False)
    (line,) = [line for line in (result.stdout + result.stderr).splitlines() if "Container" not in line]
    assert result.returncode == 1
    assert line.startswith("Error: MAX_UPLOAD_MB=500: uploads have 409 MB, 40 % of the app's memory")
