"""Who is signed in, and the way to end that: for those whom [sessions] of policy.toml names, and without it for nobody.

Every call raises PermissionError for anybody else, gatehouse.identity.NoSession if the viewer's own session is over,
and psycopg.OperationalError if the database does not answer. Under plain `streamlit run` there are no sessions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

from gatehouse.auditing import audit
from gatehouse.gate.policy_rules import roles
from gatehouse.identity import current_session

if TYPE_CHECKING:
    from gatehouse.gate.administration import Administration
    from gatehouse.gate.session import Session

__all__ = ["OpenSession", "end", "end_all", "open_sessions"]


@dataclass(frozen=True)
class OpenSession:
    """One session. The account is the pair (`issuer`, `subject`); times are UTC. `mine`: the viewer's own, right here.

    `id` begins as `make sessions` and the audit trail show it, and is of no use but for `end`: whoever knew the
    session's own could write to the trail in its name with SQL that they inject.
    """

    id: str
    issuer: str
    subject: str
    name: str = field(repr=False)
    email: str = field(repr=False)
    roles: frozenset[str]
    provider: str
    signed_in_at: datetime
    active_at: datetime
    mine: bool


def open_sessions() -> list[OpenSession]:
    """Return all sessions that are open, oldest first."""
    asking = current_session()
    return [_shown(one, asking) for one in _gate().open_sessions(asking.id)] if asking else []


def end(id: str) -> bool:  # noqa: A002 -- what it is called everywhere
    """End the session that `open_sessions` calls `id`, and write that to the audit trail.

    Its tabs close at once, its cookie is worth nothing any more, and the provider's session ends.
    Returns False if there is no open session of this id.
    """
    asking = current_session()
    found = _gate().open_sessions(asking.id) if asking else []
    for one in found:
        if asking and _id(one.id) == id:
            # First: what cannot be written down is not done.
            audit("session.ended", f"session {id[:8]}", issuer=one.issuer, subject=one.subject)
            return _gate().end(asking.id, one.id)
    return False


def end_all(issuer: str, subject: str) -> int:
    """End all sessions of an account, each as `end` does, and return how many there were."""
    asking = current_session()
    if asking is None:
        return 0
    found = [one for one in _gate().open_sessions(asking.id) if (one.issuer, one.subject) == (issuer, subject)]
    if found:
        audit("sessions.ended", "all of an account", issuer=issuer, subject=subject)
    return _gate().end_all(asking.id, issuer, subject) if found else 0


def _gate() -> Administration:
    # Not imported above: on a laptop there is no gate, nor what it needs.
    from gatehouse.gate import administration  # noqa: PLC0415

    return administration.current()


def _id(session: UUID) -> str:
    return f"{str(session)[:8]}-{sha256(session.bytes).hexdigest()[:16]}"


def _name(session: Session) -> str:
    return str(session.claims.get("name") or session.claims.get("preferred_username") or "Unnamed")


def _shown(session: Session, asking: Session) -> OpenSession:
    return OpenSession(
        id=_id(session.id),
        issuer=session.issuer,
        subject=session.subject,
        name=_name(session),
        email=str(session.claims.get("email") or ""),
        roles=roles(session.claims),
        provider=session.provider,
        signed_in_at=session.created_at,
        active_at=session.active_at,
        mine=session.id == asking.id,
    )
