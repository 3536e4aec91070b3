"""The uploads that Streamlit holds for its sessions, and the two ways to speak to one of its tabs.

Streamlit 1.67 keeps each file until its user removes it or its session ends; one whose widget is gone, or whose form
was cleared, stays, though nothing can reach it any more. And each run of a script gets a copy of all its bytes.
There is no public hook for any of it: what is relied on is pinned by tests/unit/gatehouse/gate/test_held_files.py.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Iterator, Sequence

from streamlit import runtime
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.RootContainer_pb2 import RootContainer
from streamlit.runtime import memory_uploaded_file_manager
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.state.session_state import Serialized, SessionState, Value
from streamlit.runtime.uploaded_file_manager import DeletedFile, UploadedFile, UploadedFileRec


class HeldFiles(MemoryUploadedFileManager):
    """Streamlit's own store of uploads, which also knows the files that a script has got."""

    def __init__(self, upload_endpoint: str) -> None:
        """Args: upload_endpoint: path below which files are put."""
        super().__init__(upload_endpoint)
        self._taken: dict[str, set[str]] = {}

    def get_files(self, session_id: str, file_ids: Sequence[str]) -> list[UploadedFileRec]:
        """Return those of the files that are held. Streamlit asks when a widget's value is read for a script."""
        found = super().get_files(session_id, file_ids)
        if found:
            self._taken.setdefault(session_id, set()).update(file.file_id for file in found)
        return found

    def remove_session_files(self, session_id: str) -> None:
        """Forget all files of a session of Streamlit's."""
        super().remove_session_files(session_id)
        self._taken.pop(session_id, None)

    def remove_file(self, session_id: str, file_id: str) -> None:
        """Forget one file."""
        super().remove_file(session_id, file_id)
        if taken := self._taken.get(session_id):
            taken.discard(file_id)

    def sizes(self) -> dict[str, list[int]]:
        """Return the bytes of each file held, by session of Streamlit's."""
        return {
            stream: [len(file.data) for file in list(files.values())]
            for stream, files in list(self.file_storage.items())
            if files
        }

    def forget_unreachable(self, stream: str, reachable: Collection[str]) -> None:
        """Forget files that a script once got and that nothing of its session names any more.

        A file that no script has got yet may wait in a form.
        """
        for file_id in self._taken.get(stream, set()) - set(reachable):
            self.remove_file(stream, file_id)


def install() -> None:
    """Have Streamlit hold uploads so. Before st.App builds its runtime, which it does at the first event."""
    memory_uploaded_file_manager.MemoryUploadedFileManager = HeldFiles  # type: ignore[misc]
    UploadedFile.__deepcopy__ = _copy  # type: ignore[attr-defined]


def _copy(file: UploadedFile, memo: dict[int, object]) -> UploadedFile:
    """A copy as the script gets it. BytesIO shares its bytes until one of the two is written to."""
    record = UploadedFileRec(file.file_id, file.name, file.type, file.getvalue())
    made = UploadedFile(record, file._file_urls)  # noqa: SLF001 - see the module
    vars(made).update(copy.deepcopy(vars(file), memo))
    made.seek(file.tell())
    return made


def files() -> HeldFiles:
    """Return the store of the running server.

    Raises:
        RuntimeError: if Streamlit made one of another kind.
    """
    manager = runtime.get_instance().uploaded_file_mgr
    if not isinstance(manager, HeldFiles):
        raise RuntimeError(f"Streamlit holds uploads in {type(manager).__name__}, which this gate cannot count")  # noqa: TRY004
    return manager


def sizes() -> dict[str, list[int]]:
    """Return the bytes of each file that is still of use, by session of Streamlit's."""
    _forget_unreachable()
    return files().sizes()


async def sweep() -> None:
    """Let go of what nothing can reach any more. For upkeep, which awaits its duties."""
    _forget_unreachable()


def _forget_unreachable() -> None:
    # A session without a tab ends soon, and its files with it; while a script runs, its state is in motion.
    held = files()
    for stream in held.sizes():
        session = runtime.get_instance().get_app_session(stream)
        if session is not None and session._scriptrunner is None:  # noqa: SLF001 - see the module
            held.forget_unreachable(stream, set(_named_in(session.session_state)))


def _named_in(state: SessionState) -> Iterator[str]:
    """The ids of all files in widgets and in what the author keeps in st.session_state."""
    values = [*state._old_state.values(), *state._new_session_state.values()]  # noqa: SLF001 - see the module
    for widget in list(state._new_widget_state.states.values()):  # noqa: SLF001
        if isinstance(widget, Serialized):
            yield from (file.file_id for file in widget.value.file_uploader_state_value.uploaded_file_info)
        elif isinstance(widget, Value):
            values.append(widget.value)
    for value in values:
        parts: Iterable[object] = value if isinstance(value, list | tuple) else (value,)
        yield from (part.file_id for part in parts if isinstance(part, UploadedFile | DeletedFile))


def show(stream: str, sentence: str) -> None:
    """Show a sentence in the corner of the page, until it is closed.

    Beside the widget Streamlit's page shows of a refused upload no more than the status code.
    """
    message = ForwardMsg()
    message.metadata.delta_path[:] = [RootContainer.EVENT, 0]
    message.delta.new_element.toast.body = sentence
    message.delta.new_element.toast.icon = ":material/upload_file:"
    tell(stream, message)


def tell(stream: str, message: ForwardMsg) -> None:
    """Send a message to the tab of a session of Streamlit's, if it has one."""
    session = runtime.get_instance().get_app_session(stream)
    if session is not None:
        session._enqueue_forward_msg(message)  # noqa: SLF001 - see the module
