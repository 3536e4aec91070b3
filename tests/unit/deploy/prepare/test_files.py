"""The tree survives what can happen to it: kills, full disks, a second run at the same time, odd things in a place."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from deploy.prepare import files
from deploy.prepare.files import UnusableTreeError
from deploy.prepare.inventory import LOGINS
from unit.deploy.prepare.scram import proves
from unit.deploy.prepare.trees import Secrets


class Killed(BaseException):
    """Stands for SIGKILL: nothing of the product catches it."""


def assert_whole(tree: Secrets) -> None:
    """A further run has nothing to mend, and what belongs together fits."""
    again = tree.prepare()
    assert (again.problems, again.notes, again.staged) == ([], [], {})
    assert not list(tree.root.rglob(f"{files.TEMPORARY}*"))
    for login, folder in LOGINS.items():
        assert proves(tree.read(f"roles/{login}.verifier"), tree.read(f"{folder}/{login}_password")), login


def test_a_second_run_changes_nothing(tree: Secrets) -> None:
    before = tree.snapshot()
    run = tree.prepare()
    assert (run.problems, run.warnings, run.notes) == ([], [], [])
    assert tree.snapshot() == before


@contextmanager
def killed_before(strikes: Callable[[Path], bool]) -> Iterator[None]:
    """Kill the run when a file is about to take the first place that `strikes`."""
    rename = Path.rename

    def rename_or_die(path: Path, target: Path) -> Path:
        if strikes(target):
            raise Killed
        return rename(path, target)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Path, "rename", rename_or_die)
        with pytest.raises(Killed):
            yield


@pytest.mark.parametrize("moment", range(35))
def test_a_kill_between_two_files_is_mended(empty: Secrets, moment: int) -> None:
    countdown = iter(range(moment, -1, -1))
    with killed_before(lambda _: next(countdown) == 0):
        empty.prepare()
    assert empty.prepare().problems == []
    assert_whole(empty)


def test_a_kill_while_a_password_is_replaced_locks_no_login_out(tree: Secrets) -> None:
    tree.remove("app/app_a_password")
    with killed_before(lambda place: place.name == "app_a_password"):
        tree.prepare()
    assert tree.prepare().problems == []
    assert_whole(tree)


def test_a_kill_between_a_new_key_and_its_certificate_is_mended(tree: Secrets) -> None:
    with killed_before(lambda place: place.suffix == ".crt"):
        tree.prepare(after=timedelta(days=70))
    run = tree.prepare()
    assert any("key and certificate did not belong together" in note for note in run.notes)
    assert_whole(tree)


def test_a_real_kill_at_any_moment_is_mended(empty: Secrets) -> None:
    command = [sys.executable, "-m", "deploy.prepare"]
    environment = {**os.environ, "SECRETS_DIR": str(empty.root), "PYTHONPATH": os.pathsep.join(sys.path)}
    for wait in (0.3, 0.35, 0.4, 0.45, 0.5, 0.6):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    assert empty.prepare().problems == []
    assert_whole(empty)


def test_a_full_disk_changes_nothing(tree: Secrets, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.remove("app/cookie_secret")
    tree.remove("reconcile/operator_secret")
    before = tree.snapshot()

    def full(_: int) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(UnusableTreeError, match=r"secrets/app/cookie_secret: cannot be written \(No space left"):
            tree.prepare()
    assert tree.snapshot() == before
    tree.prepare()
    assert_whole(tree)


def test_a_run_waits_for_the_one_before_it(tree: Secrets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LOCK_PATIENCE", 0.0)
    holder = os.open(tree.root, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    with pytest.raises(UnusableTreeError, match="locked by another prepare; let it end"):
        tree.prepare()
    os.close(holder)
    assert tree.prepare().problems == []


def test_a_missing_tree_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnusableTreeError, match="is not a folder; mount the folder of secrets there"):
        Secrets(tmp_path / "nowhere").prepare()


def test_a_link_in_place_of_a_folder_is_refused(tree: Secrets, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    (tree.root / "demo").rmdir()
    (tree.root / "demo").symlink_to(elsewhere)
    with pytest.raises(UnusableTreeError, match="secrets/demo: is not a folder; remove it"):
        tree.prepare()
    assert elsewhere.stat().st_uid == 0


def break_with_link(file: Path) -> None:
    file.unlink()
    file.symlink_to("/etc/hostname")


def break_with_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def break_with_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file, 0o400)
    os.chown(file, 10001, 10001)


@pytest.mark.parametrize(
    ("breaks", "words"),
    [
        (lambda file: file.write_bytes(b""), "is empty; remove it, then start again: a new one is made"),
        (lambda file: file.write_bytes(b" \n"), "is empty"),
        (lambda file: file.write_bytes(b"x" * 2_000_000), "is larger than a secret can be"),
        (lambda file: file.chmod(0o444), "too open, mode 0444; chmod 0400 secrets/app/client_secret"),
        (lambda file: file.chmod(0o640), "too open, mode 0640; chmod 0600 secrets/app/client_secret"),
        (lambda file: file.chmod(0o000), "its owner cannot read it, mode 0000; chmod 0400 secrets/app/client_secret"),
        (lambda file: os.chown(file, 0, 0), "belongs to uid 0; chown 10001 secrets/app/client_secret"),
        (break_with_link, "is not a plain file; put the file itself there, or remove it"),
        (break_with_pipe, "is empty"),
        (break_with_folder, "is not a plain file"),
    ],
)
def test_a_faulty_file_is_named_and_nothing_is_changed(
    tree: Secrets, breaks: Callable[[Path], object], words: str
) -> None:
    breaks(tree.root / "app/client_secret")
    tree.remove("app/cookie_secret")
    before = tree.snapshot()
    (problem,) = tree.prepare().problems
    assert problem.startswith("secrets/app/client_secret: ")
    assert words in problem
    assert tree.snapshot() == before
