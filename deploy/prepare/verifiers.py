"""SCRAM-SHA-256 verifiers: what Postgres stores instead of a password, so that its side never sees one."""

from __future__ import annotations


def verifier(login: str, password: bytes) -> bytes:
    r"""The verifier of a password with a fresh salt, made by libpq itself as psql's \password does.

    https://www.postgresql.org/docs/17/libpq-misc.html#LIBPQ-PQENCRYPTPASSWORDCONN
    """
    from psycopg import pq  # noqa: PLC0415 -- loads libpq, which most runs do not need

    # libpq wants a connection only to ask for the algorithm. This one fails at once: no socket can lie there.
    unconnected = pq.PGconn.connect_start(b"host=/dev/null")
    try:
        return unconnected.encrypt_password(password, login.encode(), b"scram-sha-256")
    finally:
        unconnected.finish()
