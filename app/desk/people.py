"""Who is looking: an account is the pair (issuer, subject) of the sign-in, never an e-mail address."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

import gatehouse
from database import postgres


@dataclass(frozen=True)
class Viewer:
    """The signed-in person, as their provider describes them, and the id of their row."""

    issuer: str
    subject: str
    name: str
    email: str
    department: str | None
    roles: frozenset[str]
    id: int = 0

    def require(self, *roles: str) -> None:
        """Raise PermissionError unless the viewer has one of `roles`."""
        if self.roles.isdisjoint(roles):
            raise PermissionError(f"this needs the role {' or '.join(roles)}")


def described(person: gatehouse.Viewer) -> Viewer:
    """Return the person as this app knows people. The first of their groups is their department."""
    department = next(iter(person.groups), None)
    return Viewer(person.issuer, person.subject, person.name, person.email, department, person.roles)


def viewer() -> Viewer:
    """Return the signed-in person; their row is written at the start of a session, and when their claims change."""
    claimed = described(gatehouse.viewer())
    known = st.session_state.get("viewer")
    if known is None or replace(known, id=0) != claimed:
        known = replace(claimed, id=_remember(claimed))
        st.session_state["viewer"] = known
    return known


def _remember(viewer: Viewer) -> int:
    with postgres().transaction() as cursor:
        rows = cursor.execute(
            """
            insert into person (issuer, subject, name, email, department)
            values (:issuer, :subject, :name, :email, :department)
            on conflict (issuer, subject) do update
                set name = excluded.name, email = excluded.email, department = excluded.department, seen_at = now()
            returning id
            """,
            {name: value for name, value in vars(viewer).items() if name not in ("id", "roles")},
        ).fetchall()
    return int(rows[0]["id"])
