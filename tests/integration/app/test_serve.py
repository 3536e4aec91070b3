from __future__ import annotations

import base64
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import run
from support.served import SESSION, Served, refused, served
from support.stack import Stack
from support.waiting import until
from unit.gatehouse.uploads.making import pdf

SCRIPT = """
import os
import streamlit as st
from beside import WORD

st.text(f"import: {WORD}, data: {open('data.txt').read()}")
st.text(f"secrets: {st.secrets['plain']}, {os.environ['plain']}, {st.secrets.service.token}")
st.text(f"sign-in: {st.secrets.auth.client_id}, {len(st.secrets.auth.cookie_secret)}, {st.secrets.auth.redirect_uri}")
names = ["theme.primaryColor", "server.maxUploadSize", "server.enableXsrfProtection", "server.fileWatcherType"]
st.text(f"options: {[st.get_option(name) for name in names]}")
if "fail" in st.query_params:
    raise RuntimeError("CANARY")
"""


@pytest.fixture(scope="module")
def folder(database: Stack) -> Path:
    """An author's folder."""
    folder = database.directory / "app"
    (folder / ".streamlit").mkdir(parents=True)
    (folder / "main.py").write_text(SCRIPT, encoding="utf-8")
    (folder / "beside.py").write_text("WORD = 'beside'", encoding="utf-8")
    (folder / "risky.py").write_text("import pickle\n\npickle.load(open('data.txt', 'rb'))", encoding="utf-8")
    (folder / "data.txt").write_text("data", encoding="utf-8")
    config = "[theme]\nprimaryColor = '#123456'\n[server]\nmaxUploadSize = 7\n"
    (folder / ".streamlit/config.toml").write_text(config, encoding="utf-8")
    secrets = database.secrets / "app/author.toml"
    secrets.write_text('plain = "root"\n[service]\ntoken = "nested"\n[auth]\ncookie_secret = "x"\n', encoding="utf-8")
    run(["chown", "10001:10001", secrets])
    secrets.chmod(0o400)
    return folder


@pytest.fixture(scope="module")
def app(database: Stack, folder: Path) -> Iterator[Served]:
    """A container that serves the author's folder."""
    with served(database, folder) as app:
        yield app


def test_a_script_finds_its_modules_data_and_secrets(app: Served) -> None:
    shown = app.session()
    assert "import: beside, data: data" in shown
    assert "secrets: root, root, nested" in shown
    assert "sign-in: app, 43, https://app.localhost" in shown
    assert "script finished" in shown


def test_the_authors_looks_and_the_platforms_limits_are_in_force(app: Served) -> None:
    assert "options: ['#123456', 7, True, 'none']" in app.session().replace("\\'", "'")


def test_a_failing_script_tells_the_log_everything_and_the_user_nothing(app: Served) -> None:
    shown = app.session(query="fail=1")
    assert "CANARY" not in shown
    assert "error" in shown
    line = next(json.loads(line) for line in app.logs().splitlines() if "CANARY" in line)
    assert line["level"] == "ERROR"
    assert "main.py" in line["exc_info"]


def test_calls_that_run_what_they_read_are_told(app: Served) -> None:
    told = "risky.py:3: pickle.load: a pickle runs code when it is read; use JSON, CSV or Parquet"
    line = next(line for line in app.lines() if "pickle" in line["message"])
    assert (line["level"], line["message"]) == ("WARNING", f"app folder: {told}")
    assert app.exec("python", "-m", "gatehouse.dangerous_calls", "/srv/app").stdout == f"{told}\n"


def test_a_pdf_is_read_in_the_image_as_on_a_laptop(app: Served) -> None:
    check = (
        "import base64, sys; from gatehouse import uploads;"
        "print(uploads.check(base64.b64decode(sys.stdin.read()), uploads.Pdf(), name='a.pdf'))"
    )
    command = ["docker", "exec", "--interactive", app.name, "python", "-c", check]
    result = run(command, stdin=base64.b64encode(pdf()).decode())
    assert result.stdout == "Document(name='a.pdf', mime='application/pdf', pages=1)\n"


def test_many_large_cookies_do_not_keep_a_session_from_opening(app: Served) -> None:
    assert "script finished" in app.session(cookie=30_000)


def test_every_log_line_is_json_in_utc_and_no_probe_is_logged(app: Served) -> None:
    app.session()
    app.health()
    lines = app.lines()
    assert lines
    assert all(line["timestamp"].endswith("+00:00") and line["level"] and line["logger"] for line in lines)
    assert not any("healthz" in json.dumps(line) for line in lines)


def test_health_follows_the_database_and_tells_no_details(app: Served, database: Stack) -> None:
    database.compose("stop", "postgres")
    until(lambda: app.health()[0] == 1, 40)
    assert json.loads(app.health()[1]) == {"status": "unavailable", "part": "database"}
    database.compose("start", "postgres")
    until(lambda: app.health()[0] == 0, 40)


def test_a_database_that_hangs_is_noticed_in_time(app: Served, database: Stack) -> None:
    database.compose("pause", "postgres")
    try:
        # What it said of the database before is good for five seconds, and two are given to the database.
        until(lambda: app.health()[0] == 1, 10)
    finally:
        database.compose("unpause", "postgres")
    until(lambda: app.health()[0] == 0, 40)


@pytest.mark.parametrize(
    ("variable", "value"), [("DOMAIN", "Not_A_Name"), ("PORT", "70000"), ("APP_NAME", "a-b"), ("REALM", "a/b")]
)
def test_a_wrong_setting_stops_the_start_with_one_line(database: Stack, variable: str, value: str) -> None:
    result = refused(database, "--env", f"{variable}={value}")
    assert result.startswith(f"{variable}={value}: ")


def test_a_folder_without_a_script_stops_the_start_with_one_line(database: Stack) -> None:
    empty = database.directory / "empty"
    (empty / "data").mkdir(parents=True)
    result = refused(database, "--volume", f"{empty}:/srv/app:ro")
    assert "main.py, streamlit_app.py, app.py" in result


def test_a_theme_that_is_not_there_stops_the_start_with_one_line(database: Stack, folder: Path) -> None:
    config = folder / ".streamlit/config.toml"
    before = config.read_text(encoding="utf-8")
    config.write_text("[theme]\nbase = 'missing.toml'", encoding="utf-8")
    try:
        result = refused(database, "--volume", f"{folder}:/srv/app:ro")
    finally:
        config.write_text(before, encoding="utf-8")
    assert result.startswith("app folder: .streamlit/config.toml: Theme file not found")


def test_an_open_secret_stops_the_start_with_one_line(database: Stack) -> None:
    secret = database.secrets / "app/cookie_secret"
    secret.chmod(0o444)
    try:
        result = refused(database)
    finally:
        secret.chmod(0o400)
    assert result.startswith("secrets/app/cookie_secret: is too open (mode 0444); run `chown 10001`")


def test_a_stop_closes_open_sessions_and_ends_well(app: Served) -> None:
    command = ["docker", "exec", "--interactive", app.name, "python", "-", "", "60", "0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as tab:
        assert tab.stdin is not None
        assert tab.stdout is not None
        tab.stdin.write(SESSION)
        tab.stdin.close()
        shown = iter(tab.stdout.readline, "")
        assert any(line == "script finished\n" for line in shown)
        start = time.monotonic()
        run(["docker", "stop", "--time", "30", app.name])
        assert time.monotonic() - start < 15
        tab.kill()
    state = json.loads(run(["docker", "inspect", app.name]).stdout)[0]["State"]
    assert state["ExitCode"] == 0
    assert any(json.loads(line)["message"] == "Application shutdown complete." for line in app.logs().splitlines())
