"""Who is looking at the running script: behind the gate, under plain `streamlit run`, and on an author's laptop."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from email.utils import parseaddr
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import streamlit as st

from gatehouse.gate.policy_rules import roles, words

if TYPE_CHECKING:
    from gatehouse.gate.session import Session


class NoSession(Exception):  # noqa: N818 -- not a fault of the script
    """Behind the gate, a script runs without an open session: it is stopped, and shown to nobody."""


@dataclass(frozen=True)
class Viewer:
    """The signed-in person, as the provider describes them now.

    An account is the pair (`issuer`, `subject`); names and addresses change, and pass from one person to another.
    `provider` is the name of its table in [auth], "default" for the flat form. `claims` holds all that the provider
    says; `roles` and `groups` are the claims of that name.
    """

    issuer: str
    subject: str
    name: str = field(repr=False)
    email: str = field(repr=False)
    roles: frozenset[str]
    groups: tuple[str, ...]
    provider: str
    claims: Mapping[str, Any] = field(repr=False, hash=False)

    def has(self, role: str) -> bool:
        """Tell whether the viewer has `role`."""
        return role in self.roles


class Account(NamedTuple):
    """Whose script is running, for the platform's own use: `claims` are the session's own, and not to be changed."""

    issuer: str
    subject: str
    claims: Mapping[str, Any]
    provider: str


def viewer() -> Viewer:
    """Return who is looking. Ask anew in each run: roles are those that the provider gave within the last minute.

    Behind the gate it is the session's person. Under plain `streamlit run` it is whoever `st.login` signed in: if
    nobody is, the script stops at a button that does it. With no [auth] at all it is a made-up developer, whom the
    environment describes: GATEHOUSE_DEV_USER ("Ada Byron <ada@example.com>"), GATEHOUSE_DEV_ROLES and
    GATEHOUSE_DEV_GROUPS ("one,two"), GATEHOUSE_DEV_ISSUER and GATEHOUSE_DEV_SUBJECT.

    Raises:
        NoSession: behind the gate, if the session is over.
    """
    return _viewer(*account())


def account() -> Account:
    """Return the account that `viewer` describes, without the copies that a script may change.

    Raises:
        NoSession: as `viewer` does.
    """
    if session := current_session():
        return Account(session.issuer, session.subject, session.claims, session.provider)
    claims = st.user.to_dict()
    if claims.get("is_logged_in"):
        # Streamlit puts the name of the [auth] table beside the claims (starlette_auth_routes.py).
        provider = str(claims.pop("provider", ""))
        return Account(str(claims["iss"]), str(claims["sub"]), claims, provider)
    if "is_logged_in" in claims:
        _ask_to_sign_in()
    developer = _developer()
    return Account(developer["iss"], developer["sub"], developer, "default")


def current_session() -> Session | None:
    """Return the session behind the running script, or None if no gate stands in front of it.

    Raises:
        NoSession: behind the gate, if it is over, or nobody's script is running.
    """
    gate = behind_gate()
    if gate is None:
        return None
    session: Session | None = gate.claims_of(st.context.headers.get("x-gatehouse-session", ""))
    if session is None or session.ended_at:
        raise NoSession("the session of this tab is over")
    return session


def behind_gate() -> ModuleType | None:
    """Return the module that knows this process's sessions, or None if no gate stands in front of the script."""
    # Not imported here: it is there already where there is a gate, and needs what a laptop may lack.
    live = sys.modules.get("gatehouse.gate.live")
    return live if live is not None and live.active else None


def local_providers() -> dict[str, Mapping[str, Any]]:
    """Return the providers that plain `streamlit run` finds in secrets.toml, by name."""
    try:
        auth = st.secrets["auth"]
    except (FileNotFoundError, KeyError):
        return {}
    named = {name: table for name, table in auth.items() if isinstance(table, Mapping) and "client_id" in table}
    return {"default": auth, **named} if "client_id" in auth else named


def _viewer(issuer: str, subject: str, given: Mapping[str, Any], provider: str) -> Viewer:
    # A copy in depth: what a script does to it must not reach the session.
    claims = {name: deepcopy(value) for name, value in given.items() if name not in ("is_logged_in", "tokens")}
    email = claims.get("email") or ""
    return Viewer(
        issuer=issuer,
        subject=subject,
        name=str(claims.get("name") or claims.get("preferred_username") or email or "Unnamed"),
        email=str(email),
        roles=roles(claims),
        groups=words(claims, "groups"),
        provider=provider,
        claims=MappingProxyType(claims),
    )


def _developer() -> dict[str, Any]:
    name, email = parseaddr(os.environ.get("GATEHOUSE_DEV_USER", "Developer <developer@localhost>"))

    def listed(variable: str) -> list[str]:
        return [word.strip() for word in os.environ.get(variable, "").split(",") if word.strip()]

    return {
        "iss": os.environ.get("GATEHOUSE_DEV_ISSUER", "https://localhost"),
        "sub": os.environ.get("GATEHOUSE_DEV_SUBJECT", email or name),
        "name": name or email,
        "email": email,
        "email_verified": True,
        "roles": listed("GATEHOUSE_DEV_ROLES"),
        "groups": listed("GATEHOUSE_DEV_GROUPS"),
    }


def _ask_to_sign_in() -> NoReturn:
    names = list(local_providers())
    if len(names) < 2:
        st.button("Sign in", on_click=st.login, args=[name for name in names if name != "default"])
    else:
        for name in names:
            st.button(f"Sign in with {name}", on_click=st.login, args=[name])
    st.stop()
