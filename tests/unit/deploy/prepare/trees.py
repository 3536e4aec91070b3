"""A tree of secrets of a test's own, with the words to prepare it, look into it and break it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from deploy.prepare.__main__ import prepare
from deploy.prepare.files import Tree
from deploy.prepare.settings import Settings

NOW = datetime.now(UTC).replace(microsecond=0)


class Snapshot(NamedTuple):
    """A file: any change to it shows."""

    content: bytes
    changed: int
    mode: int
    uid: int


@dataclass
class Secrets:
    """The tree of one test."""

    root: Path

    def prepare(self, domain: str = "localhost", after: timedelta = timedelta(), database_ca: str = "") -> Tree:
        """Run prepare as of `after` from now."""
        settings = Settings(DOMAIN=domain, SECRETS_DIR=self.root, DATABASE_CA=database_ca)
        return prepare(settings, NOW + after)

    def read(self, path: str) -> bytes:
        """What is in a file."""
        return (self.root / path).read_bytes()

    def put(self, path: str, content: bytes, mode: int = 0o400) -> None:
        """Write a file over whatever is there, keeping the folder's owner."""
        file = self.root / path
        file.unlink(missing_ok=True)
        file.write_bytes(content)
        file.chmod(mode)
        owner = file.parent.stat().st_uid
        os.chown(file, owner, owner)

    def remove(self, path: str) -> None:
        """Delete a file."""
        (self.root / path).unlink()

    def snapshot(self) -> dict[str, Snapshot]:
        """Every file as it is now."""
        return {str(file.relative_to(self.root)): _snapshot(file) for file in self.root.rglob("*") if file.is_file()}


def _snapshot(file: Path) -> Snapshot:
    status = file.stat()
    return Snapshot(file.read_bytes(), status.st_ctime_ns, stat.S_IMODE(status.st_mode), status.st_uid)
