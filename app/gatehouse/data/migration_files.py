"""A folder of migrations: which files there are, in what order, and whether each is as it was when it was applied."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

_NAME = re.compile(r"(?P<version>[0-9]{4})_[a-z0-9]+(_[a-z0-9]+)*\.sql")
# What looks meant as a migration; a README beside them is none.
_MEANT = re.compile(r"[0-9].*|.*\.sql", re.IGNORECASE)


class MigrationError(Exception):
    """Why migrations stop: one line, or several where several files are wrong, each with the remedy."""


@dataclass(frozen=True)
class Migration:
    """One file. `digest` is the SHA-256 of its text, in hexadecimal."""

    version: int
    name: str
    digest: str
    sql: str


def read(folder: Path) -> list[Migration]:
    """Return the migrations in `folder` in the order of their numbers; none if there is no folder.

    Raises:
        MigrationError: with a line for each file that is badly named, unreadable or has another's number.
    """
    if not folder.is_dir():
        return []
    found: dict[int, Migration] = {}
    problems = []
    for path in sorted(folder.iterdir()):
        if not _MEANT.fullmatch(path.name):
            continue
        try:
            migration = _read(path)
        except MigrationError as problem:
            problems.append(str(problem))
            continue
        other = found.setdefault(migration.version, migration)
        if other is not migration:
            problems.append(f"{path.name}: has the number of {other.name}; give the one not applied yet a free one")
    if problems:
        raise MigrationError("\n".join(problems))
    return [found[version] for version in sorted(found)]


def _read(path: Path) -> Migration:
    match = _NAME.fullmatch(path.name)
    if not match:
        raise MigrationError(f"{path.name}: badly named; use digits and lower-case words, as in 0007_add_orders.sql")
    try:
        # A checkout on Windows changes line ends alone, and that is no change.
        text = path.read_bytes().decode().replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise MigrationError(f"{path.name}: not text; save it as UTF-8") from None
    except OSError as error:
        raise MigrationError(f"{path.name}: cannot be read ({error.strerror}); make it a readable file") from None
    if "\0" in text:
        raise MigrationError(f"{path.name}: not text; it holds a zero byte, save it as UTF-8")
    return Migration(int(match["version"]), path.name, sha256(text.encode()).hexdigest(), text)


def pending(files: Sequence[Migration], applied: Mapping[int, tuple[str, str]]) -> list[Migration]:
    """Return those of `files` that are to be applied.

    Args:
        files: as `read` returns them.
        applied: version to name and digest, from the ledger.

    Raises:
        MigrationError: if an applied file was changed, renamed or removed, or a new one comes before an applied one.
    """
    problems = []
    by_version = {file.version: file for file in files}
    for version, (name, digest) in sorted(applied.items()):
        file = by_version.get(version)
        if file is None or file.name != name:
            problems.append(f"{name}: missing, but applied here; put it back, and undo it in a new file if need be")
        elif file.digest != digest:
            problems.append(f"{name}: changed since it was applied; restore it, and put the change into a new file")
    new = [file for file in files if file.version not in applied]
    # Otherwise a database made afresh would get them in another order than this one did.
    newest = max(applied, default=-1)
    problems += [
        f"{file.name}: new, but {applied[newest][0]} is applied already; give it a higher number"
        for file in new
        if file.version < newest
    ]
    if problems:
        raise MigrationError("\n".join(problems))
    return new
