"""Names of roles and groups that are new: meant so, or mistyped."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Iterator

from deploy.keycloak.errors import JobError
from deploy.keycloak.settings import Settings


def named_by_policy(settings: Settings) -> set[str]:
    """The roles that the app's policy.toml names. Of a file with a mistake, which the app's own start tells: none."""
    if settings.app_script:  # what lies beside a single file is not that app's
        return set()
    try:
        tables = tomllib.loads((settings.app_dir / "policy.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    return set(_roles(tables))


def refuse_mistyped(kind: str, names: Collection[str], known: Collection[str]) -> None:
    """Refuse each of `names` that is none of `known` and looks like one.

    Args:
        kind: `role` or `group`.
        names: as an operator typed them.
        known: those that exist, or that the app asks for.

    Raises:
        JobError: naming those that were meant, perhaps.
    """
    lower = {name.lower(): name for name in sorted(known)}
    for name in names:
        if name in known:
            continue
        if similar := [lower[match] for match in difflib.get_close_matches(name.lower(), lower, n=3)]:
            raise JobError(f"{kind} {name}: unknown; similar: {', '.join(similar)}; with --new it is made all the same")


def _roles(table: object) -> Iterator[str]:
    if isinstance(table, dict):
        for key, value in table.items():
            if key == "roles" and isinstance(value, list):
                yield from (name for name in value if isinstance(name, str))
            else:
                yield from _roles(value)
