from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gatehouse import serve
from gatehouse.settings import StartError, settings

GOOD = "a" * 43
WriteSecret = Callable[[str, str], Path]


@pytest.fixture
def complete(place: Path, write_secret: WriteSecret, certificate: str) -> Path:
    """Everything that the service mounts, as it should be."""
    for name in ("app_a_password", "gate_password", "client_secret", "cookie_secret"):
        write_secret(name, GOOD)
    for name in ("database_ca.crt", "issuer_ca.crt"):
        write_secret(name, certificate)
    (place / "app/main.py").touch()
    return place


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Undo what a start changes in its process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    for name in ("HOME", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NO_PROXY", "no_proxy", "WEBSOCKETS_MAX_LINE_LENGTH"):
        monkeypatch.setenv(name, "")


def test_a_complete_service_is_prepared_as_streamlit_run_would(complete: Path) -> None:
    assert serve.prepare() == complete / "app/main.py"
    assert Path.cwd() == complete / "app"
    assert sys.path[0] == str(complete / "app")
    assert sys.argv == [str(complete / "app/main.py")]
    assert os.environ["HOME"] == str(complete / "runtime")
    assert Path(os.environ["SSL_CERT_FILE"]).is_file()
    assert os.environ["REQUESTS_CA_BUNDLE"] == os.environ["SSL_CERT_FILE"]


@pytest.mark.parametrize(
    "name",
    ["app_a_password", "gate_password", "client_secret", "cookie_secret", "database_ca.crt", "issuer_ca.crt"],
)
def test_each_missing_secret_stops_the_start_with_one_line(complete: Path, name: str) -> None:
    (complete / "secrets" / name).unlink()
    with pytest.raises(StartError) as caught:
        serve.prepare()
    (problem,) = caught.value.problems
    assert problem.startswith(f"secrets/app/{name}: is missing; ")
    assert not (complete / "runtime/.streamlit/secrets.toml").exists()


def test_all_problems_are_told_at_once(place: Path) -> None:
    (place / "app/.streamlit").mkdir()
    (place / "app/.streamlit/secrets.toml").touch()
    (place / "app/.streamlit/config.toml").write_text("[server]\nport = 1\naddress = 'x'", encoding="utf-8")
    with pytest.raises(StartError) as caught:
        serve.prepare()
    assert len(caught.value.problems) == 1 + 1 + 2 + 6


def test_a_broken_script_stops_the_start_but_not_while_it_is_written(
    complete: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (complete / "app/main.py").write_text("import streamlit as st\nst.text('", encoding="utf-8")
    with pytest.raises(StartError, match="app folder: main.py: line 2: unterminated string literal"):
        serve.prepare()
    monkeypatch.setenv("DEV", "yes")
    settings.cache_clear()
    assert serve.prepare() == complete / "app/main.py"


def test_the_operator_sees_lines_and_no_traceback(
    complete: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (complete / "secrets/cookie_secret").unlink()
    monkeypatch.setattr(os, "umask", lambda _mask: 0)
    with pytest.raises(SystemExit) as caught:
        serve.main()
    assert caught.value.code == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("Error: secrets/app/cookie_secret: is missing; ")
