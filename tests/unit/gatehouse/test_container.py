"""What a container holds, as either version of control groups tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatehouse import container
from gatehouse.container import Memory, memory

MEBIBYTE = 1 << 20


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in place of /sys/fs/cgroup."""
    (tmp_path / "memory").mkdir()
    for name in ("_LIMITS", "_TAKEN"):
        found = getattr(container, name)
        monkeypatch.setattr(container, name, [tmp_path / file.relative_to("/sys/fs/cgroup") for file in found])
    return tmp_path


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="ascii")


def stat(**values: int) -> str:
    return "".join(f"{name} {value * MEBIBYTE}\n" for name, value in values.items())


def test_version_2_without_the_pages_of_files(groups: Path) -> None:
    write(groups, memory__max=f"{1024 * MEBIBYTE}\n", memory__current=f"{900 * MEBIBYTE}\n")
    write(groups, memory__stat=stat(anon=500, file=400, shmem=100, inactive_file=200, active_file=100))
    found = memory()
    assert found == Memory(600 * MEBIBYTE, 1024 * MEBIBYTE)
    assert str(found) == "600 of 1024 MB (59 %)"


def test_version_1_with_the_groups_below(groups: Path) -> None:
    write(
        groups / "memory", memory__limit_in_bytes=f"{1024 * MEBIBYTE}\n", memory__usage_in_bytes=f"{900 * MEBIBYTE}\n"
    )
    below = stat(inactive_file=1, active_file=1, total_inactive_file=200, total_active_file=100)
    write(groups / "memory", memory__stat=below)
    assert memory() == Memory(600 * MEBIBYTE, 1024 * MEBIBYTE)


def test_without_a_limit_it_is_the_machines(groups: Path) -> None:
    write(groups, memory__max="max\n", memory__current=f"{MEBIBYTE}\n", memory__stat=stat(inactive_file=2))
    found = memory()
    assert found is not None
    assert (found.taken, found.limit) == (0, container.memory_bytes())


def test_without_control_groups_nothing_is_known(groups: Path) -> None:
    assert memory() is None
