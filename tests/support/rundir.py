"""The folder of one test run, and the sweep of what killed runs left behind."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.command import ROOT, run
from support.stack import PREFIX

RUNS = ROOT / ".test"
"""Where runs keep their secrets and artifacts; git ignores it."""

KEPT = 5
"""So many failed runs keep their artifacts."""


@contextmanager
def run_directory() -> Iterator[Path]:
    """Make the folder of this run and hold its lock while it lives; leave nothing but artifacts behind."""
    RUNS.mkdir(mode=0o700, exist_ok=True)
    sweep()
    # Made and locked under a name that the sweep of another run passes over, which else might take it for dead.
    made = RUNS / f".{secrets.token_hex(4)}"
    made.mkdir()
    with (made / "lock").open("w") as lock:
        # A lock, not a pid: runs in several containers don't see each other's processes, but share the file system.
        fcntl.flock(lock, fcntl.LOCK_EX)
        directory = made.rename(RUNS / made.name[1:])
        try:
            yield directory
        finally:
            _keep_artifacts(directory)


def sweep() -> None:
    """Take down the projects of this checkout's killed runs; remove their secrets, and artifacts but the last."""
    projects = _projects()  # before the folders: a run that starts meanwhile has its folder before its project
    folders = sorted(RUNS.glob("[!.]*"), key=lambda folder: folder.stat().st_mtime)
    living = {folder.name for folder in folders if _is_living(folder)}
    dead = [folder for folder in folders if folder.name not in living]
    killed = {folder.name for folder in dead if (folder / "lock").exists()}
    for project, here in projects.items():
        run_name = project.removeprefix(PREFIX).split("-")[0]
        if run_name in killed or (here and run_name not in living):
            take_down(project)
    for folder in dead:
        _keep_artifacts(folder)
    for folder in [folder for folder in dead if folder.exists()][:-KEPT]:
        shutil.rmtree(folder)


def take_down(project: str) -> None:
    """Remove containers, networks and volumes of `project`, going by their labels alone."""
    label = f"label=com.docker.compose.project={project}"
    for find, remove in (
        (["container", "ls", "--all"], ["container", "rm", "--force", "--volumes"]),
        (["network", "ls"], ["network", "rm"]),
        (["volume", "ls"], ["volume", "rm"]),
    ):
        found = run(["docker", *find, "--quiet", "--filter", label]).stdout.split()
        if found:
            run(["docker", *remove, *found], check=False, timeout=120)


def _is_living(directory: Path) -> bool:
    try:
        lock = os.open(directory / "lock", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _keep_artifacts(directory: Path) -> None:
    for entry in directory.iterdir():
        if entry.name == "artifacts":
            continue
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    if not any(directory.iterdir()):
        directory.rmdir()


def _projects() -> dict[str, bool]:
    """The Compose projects of tests, and of each whether a container tells that it is of this checkout."""
    kinds = (["container", "ls", "--all"], ["network", "ls"], ["volume", "ls"])
    label, folder = "com.docker.compose.project", "com.docker.compose.project.working_dir"
    form = f'{{{{.Label "{label}"}}}} {{{{.Label "{folder}"}}}}'
    found: dict[str, bool] = {}
    for kind in kinds:
        for line in run(["docker", *kind, "--filter", f"label={label}", "--format", form]).stdout.splitlines():
            name, _, place = line.partition(" ")
            if name.startswith(PREFIX):
                found[name] = found.get(name, False) or place == str(ROOT)
    return found
