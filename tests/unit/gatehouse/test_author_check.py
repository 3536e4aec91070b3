"""What the image's build says of an author's folder, so that a slip takes nothing down that runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatehouse import author_check
from gatehouse.settings import settings


@pytest.fixture
def app(place: Path) -> Path:
    """A folder in which all is well."""
    (place / "app/.streamlit").mkdir()
    (place / "app/migrations").mkdir()
    files = {
        "main.py": "import gatehouse\ngatehouse.require('approvals')",
        "policy.toml": '[pages.approvals]\nroles = ["approver"]\nproviders = ["entra"]',
        ".streamlit/config.toml": "[server]\nmaxUploadSize = 1500",
        "migrations/0001_words.sql": "create table word (id int)",
        "migrations/README.md": "",
    }
    for name, text in files.items():
        (place / "app" / name).write_text(text, encoding="utf-8")
    return place / "app"


def test_of_a_good_folder_nothing_is_said(app: Path) -> None:
    assert author_check.problems(settings()) == []


def test_all_that_is_wrong_is_said_at_once(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (app / "policy.toml").write_text('[pages.approvals]\nrolls = ["approver"]', encoding="utf-8")
    (app / ".streamlit/config.toml").write_text("[server]\nport = 1", encoding="utf-8")
    (app / ".streamlit/secrets.toml").touch()
    (app / "migrations/0001_words.sql").rename(app / "migrations/1_words.sql")
    (app / "main.py").write_text("import streamlit as st\nst.text(", encoding="utf-8")
    assert author_check.main() == 1
    script, secrets, options, policy, migration = capsys.readouterr().err.splitlines()
    assert script == "Error: app folder: main.py: line 2: '(' was never closed; correct it"
    assert secrets.startswith("Error: app folder: .streamlit/secrets.toml: not beside code; ")
    assert (
        options == "Error: app folder: .streamlit/config.toml: line 2: server.port: is set by the platform; remove it"
    )
    assert policy.startswith("Error: app folder: policy.toml: line 2: pages.approvals.rolls: is not known; ")
    assert migration.startswith("Error: app folder: migrations/1_words.sql: badly named; ")
