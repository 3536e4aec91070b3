"""The operator's word for sessions: `python -m gatehouse.gate.sessions list | end ID | end-user WHO`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from uuid import UUID

from gatehouse.gate.crypt import keys
from gatehouse.gate.database import open_pool
from gatehouse.gate.session import Limits, Session
from gatehouse.gate.store import Store, Unavailable
from gatehouse.settings import StartError, settings


class _Refused(Exception):  # noqa: N818 - an answer
    """Nothing was done; says why and what to do."""


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="sessions", description="Who is signed in; end one session, or all of a user's."
    )
    parser.set_defaults(user=None, id=None)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="who is signed in, since when, and active when")
    one = commands.add_parser("end", help="end one session")
    one.add_argument("id", type=UUID, help="as `list` shows it")
    all_of = commands.add_parser("end-user", help="end all sessions of one user")
    all_of.add_argument("user", help="e-mail address, user name or subject, exactly as `list` shows it")
    return parser.parse_args(words)


def _who(session: Session) -> tuple[str, ...]:
    """What an operator may call the person by; the subject is the only one that names an account for ever."""
    names = (session.claims.get("email"), session.claims.get("preferred_username"), session.subject)
    return tuple(str(name) for name in names if name)


def _table(sessions: list[Session]) -> str:
    now = datetime.now(UTC)

    def ago(moment: datetime) -> str:
        seconds = max(0, int((now - moment).total_seconds()))
        return (
            f"{seconds // 3600}h {seconds % 3600 // 60:02}m"
            if seconds >= 3600
            else f"{seconds // 60}m {seconds % 60:02}s"
        )

    rows = [("ID", "USER", "PROVIDER", "SIGNED IN", "ACTIVE", "SUBJECT")]
    rows += [
        (
            str(one.id),
            _who(one)[0],
            one.provider,
            f"{ago(one.created_at)} ago",
            f"{ago(one.active_at)} ago",
            one.subject,
        )
        for one in sessions
    ]
    # A claim is the provider's word: it must not drive the operator's terminal.
    clean = [tuple("".join(c if c.isprintable() else "?" for c in cell) for cell in row) for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*clean, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in clean
    )


async def _run(arguments: argparse.Namespace) -> str:
    limits = Limits.of(settings())
    pool = await open_pool()
    try:
        store = Store(pool, keys(), limits)
        if arguments.command == "end":
            if not await store.end(arguments.id, "operator"):
                raise _Refused(f"session {arguments.id}: none is open under this id; see `list`")
            return f"session {arguments.id}: ended"
        sessions = await store.open_sessions()
        if arguments.command == "list":
            return _table(sessions) if sessions else "nobody is signed in"
        wanted = arguments.user.casefold()
        found = {(one.issuer, one.subject) for one in sessions if wanted in {name.casefold() for name in _who(one)}}
        if not found:
            raise _Refused(f"user {arguments.user}: not signed in; see `list`")
        if len(found) > 1:
            # An address says nothing about whose account it is (design: accounts are (issuer, subject)).
            raise _Refused(f"user {arguments.user}: several accounts are called so; give the SUBJECT that `list` shows")
        ((issuer, subject),) = found
        return f"user {arguments.user}: {await store.end_user(issuer, subject, 'operator')} session(s) ended"
    finally:
        await pool.close()


def main(words: list[str] | None = None) -> int:
    """Do what the words say, print the outcome, and return the exit code."""
    arguments = _arguments(words)
    try:
        print(asyncio.run(_run(arguments)))
    except Unavailable:
        sys.stderr.write("Error: the database does not answer; see `make status`, then run again\n")
        return 1
    except (StartError, _Refused) as problem:
        sys.stderr.writelines(f"Error: {line}\n" for line in str(problem).splitlines())
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
