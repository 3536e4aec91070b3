"""The files that Streamlit holds, and what of its insides that relies on."""

from __future__ import annotations

import asyncio
import copy
import inspect
import tracemalloc
from types import SimpleNamespace

import pytest
from streamlit import runtime
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime import memory_uploaded_file_manager, uploaded_file_manager
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.state import session_state
from streamlit.runtime.state.session_state import SessionState
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec
from streamlit.web.server.starlette import starlette_app

from gatehouse.gate import held_files
from gatehouse.gate.held_files import HeldFiles


def record(file_id: str, data: bytes = b"data") -> UploadedFileRec:
    return UploadedFileRec(file_id, "a.csv", "text/csv", data)


class Streamlit:
    """A runtime with one session of Streamlit's, "tab", whose script does not run just now."""

    def __init__(self) -> None:
        self.uploaded_file_mgr: MemoryUploadedFileManager = HeldFiles("/upload")
        self.state = SessionState()
        self.sent: list[ForwardMsg] = []
        self.runner: object | None = None

    def get_app_session(self, stream: str) -> object:
        session = SimpleNamespace(
            session_state=self.state, _scriptrunner=self.runner, _enqueue_forward_msg=self.sent.append
        )
        return session if stream == "tab" else None

    def add(self, file_id: str, *, taken: bool = True) -> UploadedFile:
        self.uploaded_file_mgr.add_file("tab", record(file_id))
        if taken:
            self.uploaded_file_mgr.get_files("tab", [file_id])
        return UploadedFile(record(file_id), FileURLs())

    def left(self) -> set[str]:
        asyncio.run(held_files.sweep())
        left = set(self.uploaded_file_mgr.file_storage["tab"])
        assert [len(sizes) for sizes in held_files.sizes().values()] == [len(left)]
        return left


@pytest.fixture
def streamlit(monkeypatch: pytest.MonkeyPatch) -> Streamlit:
    made = Streamlit()
    monkeypatch.setattr(runtime, "get_instance", lambda: made)
    return made


def test_sizes_follow_what_is_removed_and_what_ends() -> None:
    held = HeldFiles("/upload")
    held.add_file("tab 1", record("a", b"12345"))
    held.add_file("tab 1", record("b", b""))
    held.add_file("tab 2", record("c", b"1"))
    assert held.sizes() == {"tab 1": [5, 0], "tab 2": [1]}
    held.remove_file("tab 1", "a")
    held.remove_session_files("tab 2")
    assert held.sizes() == {"tab 1": [0]}


def test_file_of_a_widget_that_is_gone_is_let_go(streamlit: Streamlit) -> None:
    streamlit.state._old_state["$$ID-x-None"] = streamlit.add("a")  # noqa: SLF001
    streamlit.add("b")
    assert streamlit.left() == {"a"}


def test_file_that_no_script_has_got_yet_may_wait_in_a_form(streamlit: Streamlit) -> None:
    streamlit.add("a", taken=False)
    assert streamlit.left() == {"a"}


def test_file_among_several_and_one_that_the_author_keeps_stay(streamlit: Streamlit) -> None:
    streamlit.state._old_state["$$ID-x-None"] = [streamlit.add("a"), streamlit.add("b")]  # noqa: SLF001
    streamlit.state._new_session_state["kept"] = streamlit.add("c")  # noqa: SLF001
    streamlit.add("d")
    assert streamlit.left() == {"a", "b", "c"}


def test_file_that_the_page_has_just_named_stays(streamlit: Streamlit) -> None:
    streamlit.add("a")
    named = WidgetState(id="$$ID-x-None")
    named.file_uploader_state_value.uploaded_file_info.add().file_id = "a"
    streamlit.state._new_widget_state.set_widget_from_proto(named)  # noqa: SLF001
    assert streamlit.left() == {"a"}


def test_nothing_is_let_go_while_the_script_runs(streamlit: Streamlit) -> None:
    streamlit.add("a")
    streamlit.runner = object()
    assert streamlit.left() == {"a"}


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_uploaded_file_manager, "MemoryUploadedFileManager", MemoryUploadedFileManager)
    monkeypatch.setattr(UploadedFile, "__deepcopy__", None, raising=False)
    held_files.install()


def test_scripts_copy_shares_the_bytes_until_it_is_written_to(shared: None) -> None:
    data = b"x" * (8 * 1024 * 1024)
    original = UploadedFile(record("a", data), FileURLs(file_id="a", delete_url="/d"))
    original.seek(3)
    tracemalloc.start()
    try:
        made = copy.deepcopy(original)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000
    assert (made.file_id, made.name, made.type, made.size, made.tell()) == ("a", "a.csv", "text/csv", len(data), 3)
    assert made == original
    made.write(b"changed")
    assert made.getvalue()[3:10] == b"changed"
    assert original.getvalue() == data


def test_streamlit_gives_scripts_a_deep_copy_and_defines_none_of_its_own() -> None:
    assert "widget_value = deepcopy(widget_value)" in inspect.getsource(session_state)
    assert "__deepcopy__" not in inspect.getsource(uploaded_file_manager)


def test_sentence_is_sent_to_the_tab(streamlit: Streamlit) -> None:
    held_files.show("tab", "Too much.")
    held_files.show("another", "Too much.")
    (message,) = streamlit.sent
    assert message.delta.new_element.toast.body == "Too much."
    assert list(message.metadata.delta_path) == [2, 0]


def test_another_store_is_refused_by_name(streamlit: Streamlit) -> None:
    streamlit.uploaded_file_mgr = MemoryUploadedFileManager("/upload")
    with pytest.raises(RuntimeError, match="MemoryUploadedFileManager"):
        held_files.files()


def test_streamlit_makes_its_store_by_the_name_that_is_replaced() -> None:
    made = inspect.getsource(starlette_app.App._create_runtime)  # noqa: SLF001
    assert (
        "from streamlit.runtime.memory_uploaded_file_manager import (\n            MemoryUploadedFileManager,\n" in made
    )
    assert "uploaded_file_mgr = MemoryUploadedFileManager(" in made


def test_what_is_relied_on_is_there() -> None:
    assert isinstance(HeldFiles("/upload").file_storage, dict)
    source = inspect.getsource(AppSession)
    assert "self._scriptrunner: ScriptRunner | None = None" in source
    assert "self._uploaded_file_mgr.remove_session_files(self.id)" in source
    assert {"_old_state", "_new_session_state", "_new_widget_state"} <= set(dir(SessionState()))
