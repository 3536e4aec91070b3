"""Which files count as migrations, and which are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatehouse.data.migration_files import Migration, MigrationError, pending, read


def problems(folder: Path) -> list[str]:
    with pytest.raises(MigrationError) as caught:
        read(folder)
    return str(caught.value).splitlines()


def test_files_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("0010_b.sql", "0002_a.sql", "0001_add_orders_2.sql"):
        (tmp_path / name).write_text("SELECT 1")
    assert [file.version for file in read(tmp_path)] == [1, 2, 10]


def test_no_folder_is_no_migrations(tmp_path: Path) -> None:
    assert read(tmp_path / "none") == []


def test_notes_beside_them_are_left_alone(tmp_path: Path) -> None:
    for name in ("README.md", ".gitkeep", "notes.txt"):
        (tmp_path / name).write_text("")
    assert read(tmp_path) == []


@pytest.mark.parametrize(
    "name",
    [
        "1_a.sql",
        "00001_a.sql",
        "0001.sql",
        "0001_.sql",
        "0001-a.sql",
        "0001_A.sql",
        "0001_a.SQL",
        "a.sql",
        "0001_a.sql.bak",
    ],
)
def test_a_bad_name_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("SELECT 1")
    (line,) = problems(tmp_path)
    assert line.startswith(f"{name}: badly named; ")


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "0001_a.sql").write_text("SELECT 1")
    (tmp_path / "0001_b.sql").write_text("SELECT 1")
    (tmp_path / "0002_latin.sql").write_bytes(b"SELECT '\xe9'")
    (tmp_path / "0003_zero.sql").write_bytes(b"SELECT '\0'")
    (tmp_path / "0004_folder.sql").mkdir()
    assert [line.split(";")[0] for line in problems(tmp_path)] == [
        "0001_b.sql: has the number of 0001_a.sql",
        "0002_latin.sql: not text",
        "0003_zero.sql: not text",
        "0004_folder.sql: cannot be read (Is a directory)",
    ]


def migration(version: int, text: str = "x") -> Migration:
    return Migration(version, f"{version:04}_a.sql", f"digest of {text}", text)


def test_only_new_files_are_pending() -> None:
    assert pending([migration(1), migration(2)], {1: ("0001_a.sql", "digest of x")}) == [migration(2)]
    assert pending([], {}) == []


def test_history_is_not_rewritten() -> None:
    applied = {version: (f"{version:04}_a.sql", "digest of x") for version in (1, 2, 4)}
    with pytest.raises(MigrationError) as caught:
        pending([migration(1, "y"), migration(3), migration(4)], applied)
    assert [line.split(";")[0] for line in str(caught.value).splitlines()] == [
        "0001_a.sql: changed since it was applied",
        "0002_a.sql: missing, but applied here",
        "0003_a.sql: new, but 0004_a.sql is applied already",
    ]
