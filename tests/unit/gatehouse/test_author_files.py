from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gatehouse.author_files import (
    author_secrets,
    check_author_config,
    check_script,
    entry_script,
    refuse_secrets_beside_code,
)
from gatehouse.settings import StartError, settings
from gatehouse.streamlit_files import platform_options

WriteSecret = Callable[[str, str], Path]


@pytest.fixture
def app(place: Path) -> Path:
    (place / "app/.streamlit").mkdir()
    return place / "app"


def check(app: Path, text: str) -> list[str]:
    (app / ".streamlit/config.toml").write_text(text, encoding="utf-8")
    try:
        check_author_config(app, platform_options(settings()))
    except StartError as error:
        return list(error.problems)
    return []


def test_the_first_known_name_is_the_script(app: Path) -> None:
    (app / "app.py").touch()
    assert entry_script(app) == app / "app.py"
    (app / "main.py").touch()
    assert entry_script(app) == app / "main.py"


def test_without_a_script_one_line_names_what_was_looked_for(app: Path) -> None:
    (app / "main.py").mkdir()
    with pytest.raises(StartError, match="main.py, streamlit_app.py, app.py"):
        entry_script(app)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"import streamlit as st\nst.title('Budget'\n", " line 2: '(' was never closed; correct it"),
        (b"x = 1\nreturn x\n", " line 2: 'return' outside function; correct it"),
        (b"# \xff\n", " .+; correct it"),
        (b"x = 1\0\n", " .+; correct it"),
        (b"-" * 200_000 + b"1", " .+; correct it"),
    ],
)
def test_a_script_that_is_no_python_is_named_with_its_line(app: Path, text: bytes, told: str) -> None:
    (app / "main.py").write_bytes(text)
    with pytest.raises(StartError) as caught:
        check_script(app / "main.py")
    (problem,) = caught.value.problems
    assert re.fullmatch(re.escape("app folder: main.py:") + told.replace("(", r"\("), problem), problem


def test_a_script_is_compiled_and_not_run(app: Path) -> None:
    (app / "main.py").write_text("'\\d' is 5\nraise SystemExit(1)", encoding="utf-8")
    check_script(app / "main.py")


def test_looks_and_limits_are_the_authors(app: Path) -> None:
    text = """
    [theme]
    base = "dark"
    [theme.sidebar]
    primaryColor = "#123456"
    [runner]
    magicEnabled = false
    [client]
    toolbarMode = "viewer"
    showSidebarNavigation = false
    [server]
    maxUploadSize = 5
    enableStaticServing = true
    """
    assert check(app, text) == []


def test_no_config_at_all_is_fine(app: Path) -> None:
    check_author_config(app, platform_options(settings()))


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("[server]\nenableXsrfProtection = false", "server.enableXsrfProtection"),
        ("[server]\nenableCORS = false", "server.enableCORS"),
        ("[server]\nport = 80", "server.port"),
        ("[server]\nenableAgentApi = true", "server.enableAgentApi"),
        ("[server]\ntrustedUserHeaders = '{}'", "server.trustedUserHeaders"),
        ("[server]\ncookieSecret = 'x'", "server.cookieSecret"),
        ("[client]\nshowErrorDetails = 'full'", "client.showErrorDetails"),
        ("[client]\ntoolbarMode = 'developer'", "client.toolbarMode"),
        ("[secrets]\nfiles = ['/srv/app/secrets.toml']", "secrets.files"),
        ("[global]\ndevelopmentMode = true", "global.developmentMode"),
        ("[theme]\nbase = 'https://example.com/theme.toml'", "theme.base"),
        ("[server]\nmaxUploadSize = 100000", "server.maxUploadSize"),
        ("[server]\nmaxUploadSize = true", "server.maxUploadSize"),
        ("server = 1", "server"),
    ],
)
def test_what_is_the_platforms_is_refused_by_name(app: Path, text: str, option: str) -> None:
    (problem,) = check(app, text)
    line = len(text.splitlines())
    assert problem.startswith(f"app folder: .streamlit/config.toml: line {line}: {option}: ")


def test_the_operators_limit_for_uploads_is_the_highest(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_UPLOAD_MB", "500")
    assert check(app, "[server]\nmaxUploadSize = 500") == []
    (problem,) = check(app, "[server]\nmaxUploadSize = 501")
    assert problem.endswith("from 1 to 500, the MAX_UPLOAD_MB of .env")


def test_every_refused_option_gets_its_own_line(app: Path) -> None:
    assert len(check(app, "[server]\nport = 1\naddress = 'x'\n[browser]\nserverPort = 1")) == 3


def test_repeating_what_the_platform_sets_anyway_is_harmless(app: Path) -> None:
    assert check(app, "[browser]\ngatherUsageStats = false\n[server]\nheadless = true") == []


def test_broken_config_is_named_with_line_and_column(app: Path) -> None:
    assert check(app, "[theme]\nbase = dark") == [
        "app folder: .streamlit/config.toml: line 2, column 8: not valid TOML; correct it"
    ]


def test_secrets_beside_the_code_are_refused_with_the_right_place(app: Path) -> None:
    refuse_secrets_beside_code(app)
    (app / ".streamlit/secrets.toml").touch()
    with pytest.raises(StartError, match="move it to secrets/provided/secrets.toml"):
        refuse_secrets_beside_code(app)


def test_an_author_without_secrets_has_none() -> None:
    assert author_secrets() == {}


@pytest.mark.parametrize(
    "text", ['a = "hunter2', "a = hunter2", "hunter2", 'a = 1\na = "hunter2"', "[hunter2]\n[hunter2]"]
)
def test_broken_secrets_are_named_by_place_and_never_quoted(text: str, write_secret: WriteSecret) -> None:
    write_secret("author.toml", text)
    with pytest.raises(StartError, match="^secrets/provided/secrets.toml: .*not valid TOML; correct it$") as caught:
        author_secrets()
    assert "hunter2" not in str(caught.value)
    assert "line" in str(caught.value) or "end of document" in str(caught.value)


def test_an_auth_that_is_no_table_is_refused(write_secret: WriteSecret) -> None:
    write_secret("author.toml", 'auth = "x"')
    with pytest.raises(StartError, match="write \\[auth\\]"):
        author_secrets()


def test_the_authors_secrets_must_be_closed_to_others_too(write_secret: WriteSecret) -> None:
    write_secret("author.toml", "a = 1").chmod(0o444)
    with pytest.raises(StartError, match="^secrets/app/author.toml: is too open"):
        author_secrets()
