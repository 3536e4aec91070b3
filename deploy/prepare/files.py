"""The tree of secret files: read with every check, and written so that a kill leaves nothing half-written."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from deploy.prepare import inventory

TEMPORARY = ".prepare-"  # starts the name of a file that isn't in its place yet
LARGEST = 1 << 20  # bytes; a secret that is larger is a mistake
RIGHTS = "prepare must be root with CHOWN, DAC_OVERRIDE and FOWNER, on a file system that keeps owners"
LOCK_PATIENCE = 30.0  # seconds; a run takes less than one


class UnusableTreeError(Exception):
    """The tree can't be worked on at all; the message is for the operator."""


@dataclass
class Tree:
    """The folder of all secrets: what this run found in it, what is wrong, and what it will change."""

    root: Path
    now: datetime
    found: dict[str, bytes | None] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    faulty: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    staged: dict[str, bytes] = field(default_factory=dict)
    removals: list[str] = field(default_factory=list)

    def problem(self, path: str, what: str, remedy: str) -> None:
        """Note what is wrong with a file; one problem is enough for the run to change nothing."""
        self.problems.append(f"secrets/{path}: {what}; {remedy}")
        self.faulty.add(path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs out: the one-shot and the renewal share the tree."""
        if not self.root.is_dir():
            raise UnusableTreeError(f"{self.root}: is not a folder; mount the folder of secrets there")
        if not os.access(self.root, os.R_OK):
            raise UnusableTreeError(f"{self.root}: cannot be read; {RIGHTS}")
        with _opened(self.root.resolve()) as descriptor:
            end = time.monotonic() + LOCK_PATIENCE
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > end:
                        raise UnusableTreeError(
                            "secrets: locked by another prepare; let it end, then start again"
                        ) from None
                    time.sleep(0.1)
            yield

    def make_folders(self, domain: str) -> None:
        """Create the folders, give them to their users, and clear away what a killed run left.

        The engine makes the source of a bind mount as root's and open to all, so mode and owner are set without a word.
        """
        name = ""
        try:
            self.root.chmod(0o700)
            for name in inventory.folders(domain):
                folder = self.root / name
                with suppress(FileExistsError):
                    folder.mkdir(mode=0o700)
                with _opened(folder) as descriptor:
                    os.fchmod(descriptor, 0o700)
                    os.fchown(descriptor, inventory.uid(name), inventory.uid(name))
                for leftover in folder.glob(f"{TEMPORARY}*"):
                    leftover.unlink()
        except NotADirectoryError:
            raise UnusableTreeError(f"secrets/{name}: is not a folder; remove it, then start again") from None
        except OSError as error:
            raise UnusableTreeError(f"{self.root / name}: {error.strerror}; {RIGHTS}") from None

    def read(self, path: str, *, remedy: str, owner: int | None = None, closed: int = 0o077) -> bytes | None:
        """The content of a file; None when it is missing or unusable, and then the problem is noted.

        `closed`: permission bits that must not be set. `owner`: None when anyone may own the file.
        """
        try:
            with open(self.root / path, "rb", opener=_open_itself) as file:
                status, content = os.fstat(file.fileno()), file.read(LARGEST + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            odd = error.errno in (
                errno.ELOOP,
                errno.EISDIR,
            )  # a link; a folder, as the engine makes for a missing mount
            what = "is not a plain file" if odd else f"cannot be read ({error.strerror})"
            self.problem(path, what, "put the file itself there, or remove it")
            return None
        mode = stat.S_IMODE(status.st_mode)
        if owner is not None and status.st_uid != owner:
            self.problem(path, f"belongs to uid {status.st_uid}", f"chown {owner} secrets/{path}")
        if mode & closed:
            self.problem(path, f"too open, mode {mode:04o}", f"chmod {mode & ~closed:04o} secrets/{path}")
        if not mode & stat.S_IRUSR:
            self.problem(path, f"its owner cannot read it, mode {mode:04o}", f"chmod 0400 secrets/{path}")
        if len(content) > LARGEST:
            self.problem(path, "is larger than a secret can be", remedy)
        elif content.strip():
            return content
        else:
            self.problem(path, "is empty", remedy)
        return None

    def stage(self, path: str, content: bytes) -> None:
        """Have a file written at the end of the run; files come into their places in the order of staging."""
        self.staged[path] = content

    def apply(self) -> None:
        """Write what was staged. All content is on the disk before the first file takes its place.

        Raises UnusableTreeError when the file system refuses, as a full disk does before any file has changed.
        """
        temporary: list[tuple[Path, Path]] = []
        path = ""
        try:
            for path, content in self.staged.items():
                place = self.root / path
                waiting = place.with_name(f"{TEMPORARY}{place.name}")
                temporary.append((waiting, place))
                _write(waiting, content, inventory.uid(path))
            for waiting, place in temporary:
                waiting.rename(place)
            for path in self.removals:
                (self.root / path).unlink()
            for folder in {place.parent for _, place in temporary}:
                with _opened(folder) as descriptor:
                    os.fsync(descriptor)
        except OSError as error:
            for waiting, _ in temporary:
                with suppress(OSError):
                    waiting.unlink()
            raise UnusableTreeError(
                f"secrets/{path}: cannot be written ({error.strerror}); mend that, start again"
            ) from None


def _open_itself(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _write(path: Path, content: bytes, owner: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o400)
    with open(descriptor, "wb") as file:
        file.write(content)
        os.fchmod(descriptor, 0o400)
        os.fchown(descriptor, owner, owner)
        file.flush()
        os.fsync(descriptor)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """A descriptor of the folder itself, never of what a symbolic link in its place points to."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
