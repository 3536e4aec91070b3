from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from deploy.author import public_files
from deploy.author.public_files import PublicFilesError, copy

ON = "[server]\nenableStaticServing = true\n"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    app = tmp_path / "app"
    for name in ("main.py", "static/private.png", "static/public/logo.svg", "static/public/fonts/a.woff2"):
        write(app / name)
    write(app / ".streamlit/config.toml", ON)
    return app


def write(path: Path, text: str = "x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def copied(app: Path) -> list[str]:
    out = app.parent / "out"
    count = copy(app, out)
    found = sorted(str(path.relative_to(out)) for path in out.rglob("*") if not path.is_dir())
    assert len(found) == count
    return found


def test_the_public_files_are_copied_and_nothing_else(app: Path) -> None:
    assert copied(app) == ["static/public/fonts/a.woff2", "static/public/logo.svg"]


def test_a_copy_is_readable_and_as_old_as_the_file(app: Path) -> None:
    original = app / "static/public/logo.svg"
    original.chmod(0o600)
    os.utime(original, (1_700_000_000, 1_700_000_000))
    copied(app)
    found = (app.parent / "out/static/public/logo.svg").stat()
    assert (found.st_mode & 0o777, found.st_mtime) == (0o644, 1_700_000_000)


def test_hidden_files_stay(app: Path) -> None:
    write(app / "static/public/.env")
    write(app / "static/public/.git/config")
    write(app / "static/public/fonts/.DS_Store")
    assert copied(app) == ["static/public/fonts/a.woff2", "static/public/logo.svg"]


@pytest.mark.parametrize(
    "config", ["", "[server]\n", ON.replace("true", "false"), ON.replace("true", '"true"'), "[ser"]
)
def test_nothing_is_public_that_streamlit_would_not_serve(app: Path, config: str) -> None:
    write(app / ".streamlit/config.toml", config)
    assert copied(app) == []


def test_an_app_without_any_of_it_is_fine(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    assert copied(tmp_path / "app") == []
    write(tmp_path / "app/.streamlit/config.toml", ON)
    assert copied(tmp_path / "app") == []
    write(tmp_path / "app/static/public", "a file")
    assert copied(tmp_path / "app") == []


@pytest.mark.parametrize("name", ["a.png", "fonts/b.png", "folder"])
@pytest.mark.parametrize("target", ["../../main.py", "/etc/passwd", "logo.svg", "..", "nowhere", "/etc"])
def test_a_link_is_refused_by_name(app: Path, name: str, target: str) -> None:
    (app / "static/public" / name).symlink_to(target)
    with pytest.raises(PublicFilesError, match=f"^static/public/{name}: is a link; put "):
        copied(app)
    assert not (app.parent / "out").exists()


def test_a_link_in_place_of_the_folder_is_refused(app: Path) -> None:
    (app / "static/public").rename(app / "static/other")
    (app / "static/public").symlink_to("../")
    with pytest.raises(PublicFilesError, match="^static/public: is a link; put "):
        copied(app)


def test_as_a_command(app: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    out = app.parent / "out"
    monkeypatch.setattr(sys, "argv", ["public_files.py", str(app), str(out)])
    assert public_files.main() == 0
    assert out.exists()
    (app / "static/public/a").symlink_to("b")
    assert public_files.main() == 1
    assert capsys.readouterr().err.startswith("Error: static/public/a: is a link; ")
