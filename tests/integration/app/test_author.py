"""An app of its own: a folder or a script anywhere, its packages, its files."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from support.command import run
from support.served import served
from support.stack import Stack

TAG = f"{os.environ.get('TAG', 'test')}-author"
IMAGE = f"gatehouse-app:{TAG}"
CANARY = "canary-of-the-builders-mirror"
SCRIPT = """
import humanize
import streamlit as st

st.text(f"{humanize.intcomma(1234567)} rows in {open('data/rows.csv').read()}")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An author's folder, outside the checkout."""
    folder = tmp_path_factory.mktemp("budget")
    folder.chmod(0o755)
    (folder / "data").mkdir()
    (folder / "data/rows.csv").write_text("rows.csv", encoding="utf-8")
    (folder / "main.py").write_text(SCRIPT, encoding="utf-8")
    (folder / "requirements.txt").write_text("humanize\npandas\ngatehouse\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def pip_conf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The builder's pip.conf, with a word to look for."""
    own = os.environ.get("BUILD_PIP_CONF")
    text = Path(own).read_text(encoding="utf-8") if own else ""
    path = tmp_path_factory.mktemp("pip") / "pip.conf"
    path.write_text(f"{text}\n# {CANARY}\n", encoding="utf-8")
    return path


def build(stack: Stack, app: Path, pip_conf: Path, *, script: str = "", check: bool = True) -> CompletedProcess[str]:
    settings = {"APP": str(app), "APP_SCRIPT": script, "TAG": TAG, "BUILD_PIP_CONF": str(pip_conf)}
    return stack.compose("--progress", "plain", "build", "app", settings=settings, check=check, timeout=300)


@pytest.fixture(scope="module")
def built(database: Stack, folder: Path, pip_conf: Path) -> Iterator[str]:
    """The folder's image."""
    build(database, folder, pip_conf)
    yield IMAGE
    run(["docker", "rmi", "--force", IMAGE])


def layers() -> list[str]:
    found = json.loads(run(["docker", "image", "inspect", IMAGE]).stdout)[0]["RootFS"]["Layers"]
    assert isinstance(found, list)
    return found


def in_image(command: str) -> str:
    return run(["docker", "run", "--rm", "--network", "none", "--user", "0", IMAGE, "bash", "-c", command]).stdout


def test_an_app_finds_its_packages_and_its_data(database: Stack, built: str) -> None:
    with served(database, None, settings={"TAG": TAG}) as app:
        assert "1,234,567 rows in rows.csv" in app.session()


def test_editing_the_script_makes_one_layer_and_installs_nothing(
    database: Stack, built: str, folder: Path, pip_conf: Path
) -> None:
    before = layers()
    (folder / "main.py").write_text(f"{SCRIPT}\n# edited\n", encoding="utf-8")
    build(database, folder, pip_conf)
    assert len(set(layers()) - set(before)) == 1
    assert "# edited" in in_image("cat /srv/app/main.py")


def test_nothing_of_the_builder_is_in_the_image(built: str) -> None:
    assert in_image(f"grep -rl {CANARY} /etc /opt /root /run /srv /tmp /usr /var || true") == ""
    assert CANARY not in run(["docker", "history", "--no-trunc", IMAGE]).stdout


def test_no_package_of_the_authors_takes_the_place_of_the_platforms(built: str) -> None:
    # pandas was asked for, and is there already.
    assert in_image("ls /opt/author/lib/python3*/site-packages").split()[0] == "humanize"
    assert "pandas" not in in_image("ls /opt/author/lib/python3*/site-packages")


def test_of_a_single_script_nothing_beside_it_is_taken(database: Stack, tmp_path: Path, pip_conf: Path) -> None:
    for name in ("budget.py", "other.py", "policy.toml"):
        (tmp_path / name).touch()
    (tmp_path / "requirements.txt").write_text("nothing like a requirement", encoding="utf-8")
    (tmp_path / "budget.py").write_text("import streamlit as st\nst.text('budget')", encoding="utf-8")
    build(database, tmp_path, pip_conf, script="budget.py")
    assert sorted(in_image("ls -A /srv/app").split()) == ["budget.py", "data"]
    with served(database, None, settings={"TAG": TAG}) as app:
        assert "budget" in app.session()


@pytest.mark.parametrize(
    ("requirement", "words"),
    [
        ("pandas==2.2.3", ["line 1: pandas==2.2.3, but the platform has pandas "]),
        (
            "googleapis-common-protos==1.60.0",
            ["line 1: googleapis-common-protos 1.60.0 needs protobuf", "platform has"],
        ),
        ("docopt==0.6.2", ["line 1: there is no wheel of docopt==0.6.2 for Python 3."]),
    ],
)
def test_a_requirement_that_cannot_be_is_one_line_of_the_build(
    database: Stack, tmp_path: Path, pip_conf: Path, requirement: str, words: list[str]
) -> None:
    (tmp_path / "main.py").touch()
    (tmp_path / "requirements.txt").write_text(f"{requirement}\n", encoding="utf-8")
    (line,) = complaints(build(database, tmp_path, pip_conf, check=False))
    assert all(word in line for word in words), line


def complaints(result: CompletedProcess[str]) -> list[str]:
    """What `make up` finds in the log of a build that had to fail (deploy/engine/images.sh)."""
    assert result.returncode != 0
    return re.findall(r"^#[0-9]+ [0-9.]+ Error: (.*)", result.stdout + result.stderr, re.MULTILINE)


def test_what_would_stop_the_start_stops_the_build(database: Stack, tmp_path: Path, pip_conf: Path) -> None:
    (tmp_path / "main.py").write_text("import streamlit as st\nst.text('", encoding="utf-8")
    (tmp_path / "policy.toml").write_text("[entry]\n", encoding="utf-8")
    script, policy = complaints(build(database, tmp_path, pip_conf, check=False))
    assert script.startswith("app folder: main.py: line 2: unterminated string literal")
    assert policy.startswith("app folder: policy.toml: line 1: entry: is not known; ")
    (tmp_path / "budget.py").touch()
    build(database, tmp_path, pip_conf, script="budget.py")


def test_secrets_beside_the_script_stop_the_build(database: Stack, tmp_path: Path, pip_conf: Path) -> None:
    (tmp_path / "main.py").touch()
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit/secrets.toml").touch()
    result = build(database, tmp_path, pip_conf, check=False)
    assert result.returncode != 0
    assert "move it to secrets/provided/secrets.toml" in result.stdout + result.stderr


def test_data_is_shared_by_replicas_and_outlives_them(
    database: Stack, built: str, folder: Path, pip_conf: Path
) -> None:
    build(database, folder, pip_conf)  # the tests above have built other apps under its name
    settings = {"TAG": TAG, "REPLICAS": "2"}
    up = ["--progress", "quiet", "up", "--detach", "--wait", "--no-build", "--no-deps", "--force-recreate", "app"]

    def inside(index: int, command: str) -> str:
        words = ["exec", "--no-TTY", "--index", str(index), "app", "bash", "-c", f"cd /srv/app && {command}"]
        return database.compose(*words, settings=settings).stdout

    database.compose(*up, settings=settings)
    assert inside(1, "cat data/rows.csv") == "rows.csv"
    inside(1, "echo kept > data/new.txt")
    assert inside(2, "cat data/new.txt") == "kept\n"
    database.compose(*up, settings=settings)
    assert inside(1, "cat data/new.txt data/rows.csv") == "kept\nrows.csv"
    database.compose("rm", "--force", "--stop", "app", settings=settings)


def test_what_else_may_be_written_is_bounded_and_the_app_itself_may_not(database: Stack, built: str) -> None:
    with served(database, None, settings={"TAG": TAG}) as app:
        for place, megabytes in {"/tmp": 300, "$HOME": 100}.items():  # noqa: S108
            full = app.exec("bash", "-c", f"head --bytes={megabytes}M /dev/zero > {place}/full; rm {place}/full")
            assert "No space left on device" in full.stderr
        for path in ("/srv/app/main.py", "/srv/app/new.py", "/opt/author/new.py"):
            assert app.exec("bash", "-c", f"echo >> {path}").returncode != 0, path
