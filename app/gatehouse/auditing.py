"""The audit trail: who did what to what, as rows that no login of the app can change or delete."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import psycopg
import streamlit as st

from gatehouse.audit_values import REST, AuditError, action_of, detail_of, object_of
from gatehouse.data.postgres import PLATFORM, PostgresConnection
from gatehouse.identity import NoSession, current_session, viewer

Transaction: TypeAlias = psycopg.Connection[Any] | psycopg.Cursor[Any]

_WRITE = "SELECT audit.write(%s, %s, %s, %s::jsonb)"
_READ = """
    SELECT id, at, issuer, subject, name, session, action, object, detail FROM audit.trail
    WHERE (:before::bigint IS NULL OR id < :before)
        AND (:action::text IS NULL OR action = :action)
        AND (:object::text IS NULL OR object = :object)
        AND (:subject::text IS NULL OR subject = :subject)
    ORDER BY id DESC LIMIT :limit
"""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AuditEntry:
    """One row. The account is the pair (`issuer`, `subject`); `name` is what the provider called it then.

    `at` is the database's time. `session` is the beginning of the session's id, as `make sessions` shows it.
    """

    id: int
    at: datetime
    issuer: str
    subject: str
    name: str = field(repr=False)
    session: str
    action: str
    object: str
    detail: Mapping[str, Any] = field(repr=False)


def audit(
    action: str,
    object: str | int | UUID,  # noqa: A002 -- the field's word
    /,
    *,
    transaction: Transaction | None = None,
    **detail: Any,  # noqa: ANN401 -- whatever is JSON
) -> None:
    """Write down that the viewer did `action` to `object`. Who that is comes from the session, the time from Postgres.

    Behind the gate it is a row. Under plain `streamlit run` it is a line of the log.

    Args:
        action: a name for the kind of deed, such as "request.approved": lower-case letters, digits and `_.-`.
        object: what it was done to, such as "request 17": up to 200 characters.
        transaction: the open transaction that does the deed: both are committed, or neither. Without one, the row is
            committed before this returns.
        detail: what else should be known, as JSON: up to 8 KiB. Dates, UUIDs and decimals become text.

    Raises:
        AuditError: if one of these is not what it must be.
        gatehouse.identity.NoSession: if the session is over; outside a running script there is none.
        gatehouse.data.faults.DatabaseAway: if the database does not answer.
    """
    if transaction is not None and not isinstance(transaction, psycopg.Connection | psycopg.Cursor):
        raise AuditError(f"transaction: is a {type(transaction).__name__}; give what opening a transaction returned")
    what, to_what, text = action_of(action), object_of(object), detail_of(detail)
    session = current_session()
    if session is None:
        # A warning, because plain Streamlit shows nothing less.
        _log.warning("audit (only a row behind the gate): %s: %s %s %s", viewer().subject, what, to_what, text)
        return
    values = (session.id, what, to_what, text)
    if transaction is None:
        with _postgres().transaction() as cursor:
            _write(cursor.connection, values)
    else:
        _write(transaction if isinstance(transaction, psycopg.Connection) else transaction.connection, values)


def audit_trail(
    *,
    before: int | None = None,
    limit: int = 50,
    action: str | None = None,
    object: str | None = None,  # noqa: A002
    subject: str | None = None,
) -> list[AuditEntry]:
    """Return entries of the trail, newest first: everybody's. Who may see them is for policy.toml to say.

    Args:
        before: the `id` of the last entry of the page before; None for the first page.
        limit: so many at most, 1 to 1000.
        action: only of this kind.
        object: only of what was done to this.
        subject: only of this account.

    Raises:
        ValueError: if `limit` is out of range.
        gatehouse.data.faults.DatabaseAway: if the database does not answer.
    """
    if not 1 <= limit <= 1000:
        raise ValueError(f"limit={limit}: must be from 1 to 1000")
    if current_session() is None:
        return []
    wanted = {"before": before, "limit": limit, "action": action, "object": object, "subject": subject}
    with _postgres().transaction() as cursor:
        return [AuditEntry(**row) for row in cursor.execute(_READ, wanted)]


def _postgres() -> PostgresConnection:
    return st.connection(PLATFORM, type=PostgresConnection)


def _write(connection: psycopg.Connection[Any], values: tuple[UUID, str, str, str]) -> None:
    # A cursor of its own: the author's, with rows not fetched yet, stays as it is.
    with psycopg.Cursor(connection) as cursor:
        try:
            cursor.execute(_WRITE, values)
        except psycopg.errors.InvalidAuthorizationSpecification:
            raise NoSession("the session of this tab is over") from None
        except (psycopg.errors.InvalidSchemaName, psycopg.errors.UndefinedFunction):
            raise AuditError("transaction: is of another database, or its migrations have not run") from None
        except psycopg.errors.CheckViolation:
            # Postgres writes 1e308 with all its digits.
            raise AuditError(f"detail: too large as Postgres writes it; {REST}") from None
