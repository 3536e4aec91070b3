"""Media, uploads and deferred downloads belong to the session that made them.

Streamlit gives them to whoever knows the id. Release 1.67 has no public hook for this: what is relied on here is pinned
by tests/unit/gatehouse/gate/test_ownership.py.
"""

from __future__ import annotations

from contextvars import ContextVar
from hashlib import blake2b
from pathlib import Path
from threading import Lock

from streamlit import runtime
from streamlit.runtime import memory_media_file_storage
from streamlit.runtime.media_file_storage import MediaFileKind, MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryFile, MemoryMediaFileStorage
from streamlit.runtime.scriptrunner import get_script_run_ctx

SESSION_HEADER = "x-gatehouse-session"
"""Tells a script's process which gate session its websocket belongs to. Never taken from outside."""

_REMEMBERED = 10_000

serving: ContextVar[str | None] = ContextVar("serving", default=None)
"""The gate session whose websocket the running task serves; a deferred download runs in a copy of its context."""

# Streamlit's session id to the gate session that last held it: a script may outlive its websocket by a moment.
_owners: dict[str, str] = {}
# Of each media file, by its id.
_file_owners: dict[str, str | None] = {}
_lock = Lock()


def owner_of(stream: str) -> str | None:
    """Return the id of the gate session that holds Streamlit's session `stream`, or None if nobody does or did."""
    client = runtime.get_instance().get_client(stream) if runtime.exists() else None
    context = client.client_context if client is not None else None
    owner = dict(context.headers).get(SESSION_HEADER) if context is not None else None
    with _lock:
        if owner is None:
            return _owners.get(stream)
        _owners.pop(stream, None)
        _owners[stream] = owner
        while len(_owners) > _REMEMBERED:
            del _owners[next(iter(_owners))]
    return owner


def is_kept(stream: str | None) -> bool:
    """Tell whether Streamlit keeps its session `stream`, with or without a websocket."""
    sessions = runtime.get_instance()._session_mgr if stream and runtime.exists() else None  # noqa: SLF001 - see the module
    return sessions is not None and sessions.get_session_info(str(stream)) is not None


def owns_deferred(file_id: str, stream: str) -> bool:
    """Tell whether Streamlit's session `stream` registered the deferred download `file_id`."""
    entry = runtime.get_instance().media_file_mgr._deferred_callables.get(file_id)  # noqa: SLF001 - see the module
    return entry is not None and entry["session_id"] == stream


def owns_media(name: str, owner: str) -> bool:
    """Tell whether the session `owner` made the media file `name` (`<id>.<extension>`); by default nobody did."""
    return _file_owners.get(name.partition(".")[0]) == owner


class OwnedMedia(MemoryMediaFileStorage):
    """Media by owner: an id is made from the whole content and the owner, so none collides and none can be guessed at.

    Streamlit's own id covers the first, middle and last 64 KiB of a large file alone, without an owner.
    """

    def load_and_get_id(
        self, path_or_data: str | bytes, mimetype: str, kind: MediaFileKind, filename: str | None = None
    ) -> str:
        """Keep a file for the session whose script is running, and return its id.

        Raises:
            MediaFileStorageError: if a path cannot be read.
        """
        try:
            data = Path(path_or_data).read_bytes() if isinstance(path_or_data, str) else path_or_data
        except OSError as error:
            raise MediaFileStorageError(f"Error opening '{path_or_data!r}'") from error
        owner = _running_owner()
        digest = blake2b(data, digest_size=32)
        for part in (owner or "", mimetype, filename or ""):
            digest.update(len(part.encode()).to_bytes(4, "big") + part.encode())
        file_id = digest.hexdigest()
        self._files_by_id[file_id] = MemoryFile(content=data, mimetype=mimetype, kind=kind, filename=filename)
        _file_owners[file_id] = owner
        return file_id

    def delete_file(self, file_id: str) -> None:
        """Forget a file and whose it was."""
        super().delete_file(file_id)
        _file_owners.pop(file_id, None)


def install() -> None:
    """Have Streamlit keep media by owner. Before st.App builds its runtime, which it does at the first event."""
    memory_media_file_storage.MemoryMediaFileStorage = OwnedMedia  # type: ignore[misc]


def _running_owner() -> str | None:
    context = get_script_run_ctx(suppress_warning=True)
    return owner_of(context.session_id) if context is not None else serving.get()
