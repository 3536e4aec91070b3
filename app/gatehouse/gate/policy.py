"""The author's policy.toml: who may open the app, see which page, end sessions. Without it, all who sign in enter."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gatehouse.gate.policy_content import DIRECTIVES, Content
from gatehouse.gate.policy_enforced import Enforced, enforced
from gatehouse.gate.policy_rules import Rule, roles
from gatehouse.settings import StartError
from gatehouse.toml_lines import line_of

__all__ = ["Policy", "current", "read_policy", "roles", "use"]

_WHERE = "app folder: policy.toml"
_MAX_BYTES = 64 * 1024


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    enter: Rule | None = None
    pages: dict[str, Rule] = Field(default_factory=dict)
    sessions: Rule | None = None
    content: Content = Content()


@dataclass(frozen=True)
class Policy:
    """Who may come in, see what, and end sessions, and what pages may load from elsewhere.

    `required`: pages that a `gatehouse.require` of the app's names.
    """

    enter: Rule | None = None
    pages: Mapping[str, Rule] = field(default_factory=dict)
    email_trusted: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    sessions: Rule | None = None
    content: Content = field(default_factory=Content)

    def may_enter(self, claims: Mapping[str, Any], provider: str) -> bool:
        """Tell whether this person may open the app at all."""
        return self._allows(self.enter, claims, provider)

    def may_see(self, page: str, claims: Mapping[str, Any], provider: str) -> bool:
        """Tell whether this person may see `page` (its url_path). A page without a rule is for all who may enter."""
        return self._allows(self.pages.get(page), claims, provider)

    def may_administer(self, claims: Mapping[str, Any], provider: str) -> bool:
        """Tell whether this person may see and end other people's sessions. Without a rule nobody may."""
        return self.sessions is not None and self._allows(self.sessions, claims, provider)

    def _allows(self, rule: Rule | None, claims: Mapping[str, Any], provider: str) -> bool:
        return rule is None or rule.allows(claims, provider, email_trusted=provider in self.email_trusted)


def read_policy(
    app_dir: Path, providers: Collection[str] | None, *, email_trusted: Collection[str] = frozenset()
) -> Policy:
    """Read policy.toml of the author's folder, and look whether the scripts there enforce it.

    Args:
        app_dir: the author's folder; there may be no policy.toml in it.
        providers: the names that a rule may use; None: not known here, any will do.
        email_trusted: those of them whose addresses are believed without `email_verified`.

    Raises:
        StartError: with a line for each fault, naming line and key of policy.toml, or file and line of a script.
    """
    text = _read(app_dir / "policy.toml")
    file = _parse(text)
    rules = {("pages", page): rule for page, rule in file.pages.items()}
    problems = [_fault(text, place, "is no page's url_path; write one without /") for place in rules if _odd(place[1])]
    for place, rule in [(("enter",), file.enter), (("sessions",), file.sessions), *rules.items()]:
        unknown = sorted(set(rule.providers or ()) - set(providers)) if rule and providers is not None else ()
        problems += [
            _fault(text, (*place, "providers"), f'"{name}" is no provider in [auth]; correct it') for name in unknown
        ]
    found = enforced(app_dir)
    problems += _unenforced(text, file.pages, found) + [
        f'app folder: {call.where}: gatehouse.require("{call.page}"): policy.toml has no such page; '
        f'add [pages."{call.page}"] or correct it'
        for call in found.required
        if call.page not in file.pages
    ]
    if problems:
        raise StartError(*problems)
    required = frozenset(call.page for call in found.required)
    return Policy(file.enter, file.pages, frozenset(email_trusted), required, file.sessions, file.content)


_in_use: Policy | None = None


def use(policy: Policy) -> None:
    """Make `policy` the one that `current` returns: called once, by what starts the process."""
    global _in_use  # noqa: PLW0603 -- one in a process is the purpose
    _in_use = policy


def current() -> Policy | None:
    """Return the policy of this process, or None if nothing has set one: no gate is in front of the app."""
    return _in_use


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
        if len(data) > _MAX_BYTES:
            raise StartError(f"{_WHERE}: larger than {_MAX_BYTES // 1024} KiB; shorten it")
        return data.decode()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError):
        raise StartError(f"{_WHERE}: cannot be read as UTF-8 text; correct it") from None


def _parse(text: str) -> _File:
    try:
        return _File.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise StartError(f"{_WHERE}: not valid TOML: {error}; correct it") from None
    except ValidationError as error:
        raise StartError(*(_fault(text, fault["loc"], _words(fault)) for fault in error.errors())) from None


_FAULTS = {
    "list_type": 'is not a list; write one such as ["a", "b"]',
    "too_short": "is empty; name at least one, or remove it",
    "too_long": "is too long; name fifty at most",
    "bool_type": "is neither true nor false; write one of them",
    "model_type": "is not a table; write it in [brackets]",
    "dict_type": "is not a table; write it in [brackets]",
}


def _words(fault: Mapping[str, Any]) -> str:
    """Say in TOML's words what pydantic found."""
    if fault["type"] == "extra_forbidden":
        if len(fault["loc"]) == 1:
            return 'is not known; use [enter], [pages."name"], [sessions] and [content]'
        if fault["loc"][0] == "content":
            return f"is not known; use {', '.join(sorted(DIRECTIVES))} or inline-scripts"
        return "is not known; use roles, email_domains or providers"
    if fault["type"] == "value_error":
        return str(fault["ctx"]["error"])
    return _FAULTS.get(fault["type"], "must be text without space around it; correct it")


def _fault(text: str, place: tuple[str | int, ...], what: str) -> str:
    keys = tuple(part for part in place if isinstance(part, str))
    return f"{_WHERE}: line {line_of(text, keys)}: {'.'.join(keys)}: {what}"


def _odd(page: str) -> bool:
    return not page.strip() or "/" in page or page != page.strip()


def _unenforced(text: str, pages: Collection[str], found: Enforced) -> list[str]:
    if found.navigation:
        return []
    free = sorted(set(pages) - {call.page for call in found.required})
    return [
        _fault(
            text,
            ("pages", page),
            f'no script enforces it; use gatehouse.navigation, or gatehouse.require("{page}") at the page\'s top',
        )
        for page in free
    ]
