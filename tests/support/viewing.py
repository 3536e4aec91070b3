"""A running script of somebody's: what `gatehouse.viewer()` goes by under plain `streamlit run`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread
from typing import Any, TypeAlias

from streamlit.runtime.fragment import MemoryFragmentStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext
from streamlit.runtime.state import SafeSessionState, SessionState

ISSUER = "https://id.example"

Enqueue: TypeAlias = Callable[[Any], None]


@contextmanager
def seen_by(
    subject: str, *roles: str, issuer: str = ISSUER, enqueue: Enqueue = lambda _message: None, **claims: object
) -> Iterator[None]:
    """Make this thread one that runs a script for the person, who has signed in."""
    person: dict[str, Any] = {"is_logged_in": True, "iss": issuer, "sub": subject, "roles": list(roles), **claims}
    context = ScriptRunContext(
        session_id=f"session of {subject}",
        _enqueue=enqueue,
        query_string="",
        session_state=SafeSessionState(SessionState(), lambda: None),
        uploaded_file_mgr=MemoryUploadedFileManager("/upload"),
        main_script_path="main.py",
        user_info=person,
        fragment_storage=MemoryFragmentStorage(),
        pages_manager=PagesManager("main.py"),
    )
    thread = current_thread()
    assert get_script_run_ctx(suppress_warning=True) is None, "one script at a time in a thread"
    add_script_run_ctx(thread, context)
    try:
        yield
    finally:
        # The name is Streamlit's, in script_run_context.py; it offers no way to take a context away.
        del thread.streamlit_script_run_ctx  # type: ignore[attr-defined]
