"""Random values, database passwords with their verifiers, and what the operator provides of secrets."""

from __future__ import annotations

import re
import secrets
import tomllib
from collections.abc import Callable, Mapping

from deploy.prepare.certificates import load_certificates, load_key
from deploy.prepare.files import Tree
from deploy.prepare.inventory import LOGINS, TOKENS, Kind, Secret, authority_remedy
from deploy.prepare.verifiers import verifier

TOKEN_BYTES = 32  # 256 random bits: 43 characters
AUTHOR = "provided/secrets.toml"
ADMINISTRATOR = "provided/database_administrator"

_TOKEN = re.compile(rb"[A-Za-z0-9_-]{43}\n?")
_BASE64 = rb"[A-Za-z0-9+/]{43}="  # of 32 bytes
_VERIFIER = re.compile(rb"SCRAM-SHA-256\$[1-9][0-9]*:[A-Za-z0-9+/]{22,}={0,2}\$%b:%b\n?" % (_BASE64, _BASE64))


def read(tree: Tree, secret: Secret) -> bytes | None:
    """The content of a file of the inventory; None when missing, or when it is faulty and the problem is noted."""
    remedy = "remove it, then start again: a new one is made"
    if secret.path.startswith("ca/"):
        remedy = authority_remedy(secret.path.rpartition("/")[0])
    content = tree.read(secret.path, remedy=remedy, owner=secret.uid)
    if content is not None and not _well_formed(secret.kind, content):
        tree.problem(secret.path, f"is not a whole {secret.kind.value}, perhaps half-written", remedy)
        return None
    return content


def _well_formed(kind: Kind, content: bytes) -> bool:
    match kind:
        case Kind.RANDOM:
            return _TOKEN.fullmatch(content) is not None
        case Kind.VERIFIER:
            return _VERIFIER.fullmatch(content) is not None
        case Kind.SETTINGS | Kind.GIVEN:
            return True  # follows its source, which is parsed
        case Kind.KEY | Kind.CERTIFICATE:
            try:
                load_key(content) if kind is Kind.KEY else load_certificates(content)
            except ValueError:
                return False
            return True


def values(tree: Tree) -> None:
    """Stage every random value and password that is missing; fill a missing copy from its twin."""
    groups = {name: [f"{folder}/{name}" for folder in readers] for name, readers in TOKENS.items()}
    groups |= {f"{login}_password": [f"{folder}/{login}_password"] for login, folder in LOGINS.items()}
    fresh = not any(tree.found[path] for paths in groups.values() for path in paths)
    made: list[str] = []
    for name, paths in groups.items():
        value = _agreed(tree, paths)
        login = name.removesuffix("_password")
        if value is None:
            value = secrets.token_urlsafe(TOKEN_BYTES).encode()
            made.append(name)
            if login in LOGINS:
                # The verifier first: a run killed between the two finds the password missing, and makes both again.
                _stage_verifier(tree, login, value, new=True)
        elif login in LOGINS and tree.found[f"roles/{login}.verifier"] is None:
            _stage_verifier(tree, login, value, new=False)
        for path in paths:
            if tree.found[path] is None:
                tree.stage(path, value)
                if name not in made:
                    tree.notes.append(f"{path}: copied from its twin")
    if made:
        note = f"generated {len(made)} secret{'s' if len(made) > 1 else ''}"
        if not fresh:
            note += f": {', '.join(made)}; restart what reads them: {_readers(groups, made)}"
        tree.notes.append(note)


def _agreed(tree: Tree, paths: list[str]) -> bytes | None:
    held = {path: content.rstrip(b"\n") for path in paths if (content := tree.found[path])}
    if len(set(held.values())) > 1:
        first, *others = held
        tree.problem(first, f"differs from secrets/{others[0]}", "remove the wrong one, then start again")
    return next(iter(held.values()), None)


def _stage_verifier(tree: Tree, login: str, password: bytes, *, new: bool) -> None:
    path = f"roles/{login}.verifier"
    if new and tree.found[path]:
        tree.notes.append(f"{login}: its password was missing, so password and verifier are new; start roles again")
    elif not new:
        tree.notes.append(f"{path}: made again from the password; start roles again")
    tree.stage(path, verifier(login, password))


def _readers(groups: Mapping[str, list[str]], names: list[str]) -> str:
    return ", ".join(sorted({path.partition("/")[0] for name in names for path in groups[name]}))


def author(tree: Tree) -> None:
    """Let app/author.toml follow provided/secrets.toml."""
    _follow(tree, AUTHOR, "app/author.toml", _toml_fault)


def administrator(tree: Tree) -> None:
    """Let roles/administrator, a password for a database outside, follow provided/database_administrator."""
    _follow(tree, ADMINISTRATOR, "roles/administrator", _password_fault)


def _follow(tree: Tree, given: str, copy: str, fault: Callable[[bytes], tuple[str, str] | None]) -> None:
    """Copy what the operator provides when it changed, and remove the copy when it is gone.

    `fault`: what is wrong with the content, and the remedy.
    """
    source = tree.read(given, remedy="fill it, or remove it")
    if source is None:
        if tree.found[copy] is not None:
            tree.removals.append(copy)
            tree.notes.append(f"{copy}: removed, as secrets/{given} is gone")
    elif wrong := fault(source):
        tree.problem(given, *wrong)
    elif source != tree.found[copy]:
        tree.stage(copy, source)
        tree.notes.append(f"{copy}: taken from secrets/{given}")


def _toml_fault(content: bytes) -> tuple[str, str] | None:
    try:
        tomllib.loads(content.decode())
    except UnicodeDecodeError:
        return "is not UTF-8 text", "save it as UTF-8"
    except tomllib.TOMLDecodeError as error:
        # The parser's words may quote the file; only the place is passed on.
        place = re.search(r"at (line \d+, column \d+|end of document)", str(error))
        return f"is not TOML at {place[1] if place else 'an unknown place'}", "mend that line"
    return None


def _password_fault(content: bytes) -> tuple[str, str] | None:
    # What psql reads it from has a line for each password (libpq's pgpass).
    if re.fullmatch(rb"[^\x00-\x1f]{1,1000}\n?", content):
        return None
    return "is not one line of at most 1000 characters", "write the password of the database's administrator into it"
