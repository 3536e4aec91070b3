"""As whom a transaction asks: what row-level security goes by."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import NamedTuple

from psycopg import sql
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import in_cached_function

from gatehouse.gate.policy_rules import roles
from gatehouse.gate.request_id import application_name
from gatehouse.identity import account, behind_gate
from gatehouse.settings import settings


class Asker(NamedTuple):
    """The account and its roles as a JSON array of text; all empty for nobody, to whom policies give no row."""

    issuer: str = ""
    subject: str = ""
    roles: str = "[]"

    def begin(self, *, read_only: bool) -> bytes:
        """Return the statements that begin a transaction and tell Postgres who asks, and for which request."""
        return _begin(self, read_only, application_name(settings().app_name) if behind_gate() else "")


@lru_cache(maxsize=4096)
def _begin(who: Asker, read_only: bool, name: str) -> bytes:  # noqa: FBT001 -- a key
    said = {f"gatehouse.{key}": value for key, value in who._asdict().items()}
    if name:
        said["application_name"] = name
    # `true`: until the transaction ends, so that nothing of it can reach the next user of the connection.
    calls = (sql.SQL("set_config({}, {}, true)").format(key, value) for key, value in said.items())
    mode = sql.SQL("READ ONLY" if read_only else "READ WRITE")
    return sql.SQL("BEGIN {}; SELECT {}").format(mode, sql.SQL(", ").join(calls)).as_bytes(None)


NOBODY = Asker()


class CachedForAll(RuntimeError):  # noqa: N818 -- said as it is
    """A viewer's rows were asked for inside a function whose result Streamlit keeps for everybody."""


def asker() -> Asker:
    """Return the viewer of the running script, or NOBODY outside one, as in a thread of the app's own.

    Raises:
        CachedForAll: inside a function under st.cache_data or st.cache_resource.
        gatehouse.identity.NoSession: behind the gate, if the session is over.
    """
    if get_script_run_ctx(suppress_warning=True) is None:
        return NOBODY
    if in_cached_function.get():
        raise CachedForAll(
            "a viewer's rows would be cached for every viewer: take the call out of the function under st.cache_data "
            "or st.cache_resource and give query() a ttl, which caches for each viewer; or say shared=True"
        )
    person = account()
    if not (person.issuer and person.subject):
        return NOBODY
    return Asker(person.issuer, person.subject, json.dumps(sorted(roles(person.claims))))
