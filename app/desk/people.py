"""Who is looking: an account is the pair (issuer, subject) of the sign-in, never an e-mail address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import streamlit as st

from database import transaction


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

    def require(self, role: str) -> None:
        """Raise PermissionError unless the viewer has `role`."""
        if role not in self.roles:
            raise PermissionError(f"this needs the role {role}")


def from_claims(claims: Mapping[str, object]) -> Viewer:
    """Read the claims of an ID token. The first of `groups` is the person's department.

    Raises:
        KeyError: if `iss` or `sub` is missing, which no OpenID provider leaves out (OpenID Connect Core, section 2).
    """

    def words(claim: str) -> list[str]:
        value = claims.get(claim)
        return [word for word in value if isinstance(word, str) and word] if isinstance(value, list) else []

    email = str(claims.get("email") or "")
    return Viewer(
        issuer=str(claims["iss"]),
        subject=str(claims["sub"]),
        name=str(claims.get("name") or claims.get("preferred_username") or email or "Unnamed"),
        email=email,
        department=next(iter(words("groups")), None),
        roles=frozenset(words("roles")),
    )


def viewer() -> Viewer:
    """Return the signed-in person; their row is written at the start of a session, and when their claims change."""
    claimed = from_claims(st.user.to_dict())
    known = st.session_state.get("viewer")
    if known is None or replace(known, id=0) != claimed:
        known = replace(claimed, id=_remember(claimed))
        st.session_state["viewer"] = known
    return known


def _remember(viewer: Viewer) -> int:
    with transaction(viewer) as cursor:
        rows = cursor.execute(
            """
            insert into person (issuer, subject, name, email, department)
            values (%(issuer)s, %(subject)s, %(name)s, %(email)s, %(department)s)
            on conflict (issuer, subject) do update
                set name = excluded.name, email = excluded.email, department = excluded.department, seen_at = now()
            returning id
            """,
            vars(viewer),
        ).fetchall()
    return int(rows[0]["id"])
