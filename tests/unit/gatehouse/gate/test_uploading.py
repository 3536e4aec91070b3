"""Uploads as they reach the gate: messages of ASGI in, an answer out, and what Streamlit then holds."""

from __future__ import annotations

import asyncio
import gc
import logging
import tracemalloc
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import streamlit as st
from starlette.types import Message, Receive, Scope, Send
from streamlit import runtime
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from gatehouse.gate import uploading as module
from gatehouse.gate.held_files import HeldFiles
from gatehouse.gate.session import Session
from gatehouse.gate.upload_limits import MEBIBYTE, UploadLimits
from gatehouse.gate.upload_room import Room
from gatehouse.gate.uploading import Uploading
from gatehouse.gate.websocket import GuardedSocket

LIMITS = UploadLimits(session=3 * MEBIBYTE, session_files=3, user=5 * MEBIBYTE, user_files=5, process=6 * MEBIBYTE)
PIECE = 65536


def session_of(user: str, number: int = 1) -> Session:
    now = datetime.now(UTC)
    identifier = UUID(int=number)
    return Session(identifier, "default", "https://id", user, None, {}, now, now, now, now, None, refreshable=False)


class Streamlit:
    """A runtime whose sessions are those in `tabs`; each belongs to the gate's session of the same number."""

    def __init__(self) -> None:
        self.uploaded_file_mgr = HeldFiles("/upload")
        self.tabs = {"tab 1", "tab 2", "tab 3"}
        self.sent: list[ForwardMsg] = []

    def is_active_session(self, stream: str) -> bool:
        return stream in self.tabs

    def get_app_session(self, stream: str) -> object:
        return SimpleNamespace(_enqueue_forward_msg=self.sent.append) if stream in self.tabs else None

    @property
    def toasts(self) -> list[str]:
        return [message.delta.new_element.toast.body for message in self.sent]


@pytest.fixture
def streamlit(monkeypatch: pytest.MonkeyPatch) -> Streamlit:
    made = Streamlit()
    monkeypatch.setattr(runtime, "get_instance", lambda: made)
    monkeypatch.setattr(module, "owner_of", lambda stream: str(UUID(int=int(stream[-1]))))
    monkeypatch.setattr(st, "get_option", {"server.maxUploadSize": 2}.__getitem__)
    return made


@pytest.fixture
def uploading(streamlit: Streamlit) -> Uploading:
    return Uploading(Room(LIMITS, streamlit.uploaded_file_mgr.sizes))


def form(data: bytes, name: str = "a.csv") -> bytes:
    head = (
        f'--edge\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n'
    )
    return head.encode() + data + b"\r\n--edge--\r\n"


def scope_of(stream: str, size: int | None, token: str | None = None) -> Scope:
    good = generate_xsrf_token_string()
    headers = [
        (b"content-type", b"multipart/form-data; boundary=edge"),
        (b"x-xsrftoken", (good if token is None else token).encode()),
        (b"cookie", f"_streamlit_xsrf={good}".encode()),
    ]
    if size is not None:
        headers.append((b"content-length", str(size).encode()))
    return {"type": "http", "method": "PUT", "path": f"/_stcore/upload_file/{stream}/file", "headers": headers}


class Upload:
    """One request. `taken`: how many bytes of its body were asked for."""

    def __init__(self, body: bytes, *, leaves: bool = False) -> None:
        self.body, self.leaves = body, leaves
        self.taken = 0
        self.answer: list[Message] = []
        self.while_arriving: Callable[[], Any] = lambda: None

    async def receive(self) -> Message:
        await asyncio.sleep(0)
        self.while_arriving()
        piece = self.body[self.taken : self.taken + PIECE]
        self.taken += len(piece)
        if self.leaves and self.taken == len(self.body):
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": self.taken < len(self.body)}

    async def send(self, message: Message) -> None:
        self.answer.append(message)

    @property
    def status(self) -> int:
        return int(self.answer[0]["status"])

    @property
    def text(self) -> str:
        return bytes(self.answer[1]["body"]).decode()


def put(
    uploading: Uploading, upload: Upload, session: Session, *, stream: str = "tab 1", declared: bool = True, **more: str
) -> Upload:
    scope = scope_of(stream, len(upload.body) if declared else None, **more)
    scope["path"] = f"/_stcore/upload_file/{stream}/{id(upload)}"
    asyncio.run(uploading.put(scope, upload.receive, upload.send, session))
    return upload


def test_file_is_held_as_streamlits_own_route_would(uploading: Uploading, streamlit: Streamlit) -> None:
    upload = put(uploading, Upload(form(b"x" * 200_000, "dir/b.csv")), session_of("sam"))
    assert upload.status == 204
    (file,) = streamlit.uploaded_file_mgr.get_files("tab 1", [str(id(upload))])
    assert (file.name, file.type, file.data) == ("dir/b.csv", "text/csv", b"x" * 200_000)


def test_largest_file_passes_and_one_byte_more_does_not(uploading: Uploading, streamlit: Streamlit) -> None:
    for declared in (True, False):
        over = put(uploading, Upload(form(b"x" * (2 * MEBIBYTE + 1))), session_of("sam"), declared=declared)
        assert (over.status, over.text) == (413, "A file may have 2 MB at most; this one is larger.")
    assert streamlit.uploaded_file_mgr.sizes() == {}
    assert put(uploading, Upload(form(b"x" * 2 * MEBIBYTE)), session_of("sam")).status == 204


def test_body_that_says_it_is_too_large_is_not_read(uploading: Uploading, streamlit: Streamlit) -> None:
    upload = put(uploading, Upload(form(b"x" * 4 * MEBIBYTE)), session_of("sam"))
    assert (upload.status, upload.taken) == (413, 0)
    assert streamlit.toasts == ["A file may have 2 MB at most; this one is larger."]


def test_body_that_says_nothing_is_cut_off_at_the_limit(uploading: Uploading, streamlit: Streamlit) -> None:
    upload = put(uploading, Upload(form(b"x" * 9 * MEBIBYTE)), session_of("sam"), declared=False)
    assert upload.status == 413
    assert upload.taken < 2 * MEBIBYTE + 2 * PIECE


def test_padding_around_the_file_is_cut_off(uploading: Uploading, streamlit: Streamlit) -> None:
    padding = b'--edge\r\nContent-Disposition: form-data; name="x"\r\n\r\n' + b"x" * 9 * MEBIBYTE
    upload = put(uploading, Upload(padding), session_of("sam"), declared=False)
    assert upload.status == 413
    assert upload.taken < 3 * MEBIBYTE + 2 * PIECE


def test_sessions_limit_is_refused_in_words_and_noted(
    uploading: Uploading, streamlit: Streamlit, caplog: pytest.LogCaptureFixture
) -> None:
    assert put(uploading, Upload(form(b"x" * 2 * MEBIBYTE)), session_of("sam")).status == 204
    with caplog.at_level(logging.WARNING):
        upload = put(uploading, Upload(form(b"x" * 2 * MEBIBYTE)), session_of("sam"))
    sentence = "You may keep 3 MB of uploads at a time. Remove some and try again."
    assert (upload.status, upload.text, upload.taken) == (429, sentence, 0)
    assert streamlit.toasts == [sentence]
    (line,) = [vars(record) for record in caplog.records]
    assert (line["message"], line["limit"], line["allowed"]) == ("upload refused", "session", 3 * MEBIBYTE)
    assert line["asked"] == 4 * MEBIBYTE
    assert line["exc_info"] is None


def test_undeclared_body_is_held_against_the_sessions_limit_too(uploading: Uploading, streamlit: Streamlit) -> None:
    assert put(uploading, Upload(form(b"x" * 2 * MEBIBYTE)), session_of("sam")).status == 204
    upload = put(uploading, Upload(form(b"x" * 2 * MEBIBYTE)), session_of("sam"), declared=False)
    assert upload.status == 429
    assert upload.taken < MEBIBYTE + 2 * PIECE


def test_room_comes_back_when_the_user_removes_a_file(uploading: Uploading, streamlit: Streamlit) -> None:
    first = put(uploading, Upload(form(b"x" * 2 * MEBIBYTE)), session_of("sam"))
    assert put(uploading, Upload(form(b"x" * 2 * MEBIBYTE)), session_of("sam")).status == 429
    streamlit.uploaded_file_mgr.remove_file("tab 1", str(id(first)))
    assert put(uploading, Upload(form(b"x" * 2 * MEBIBYTE)), session_of("sam")).status == 204


def test_full_process_says_when_to_come_back(uploading: Uploading, streamlit: Streamlit) -> None:
    for number, user in enumerate(("sam", "mia", "tom"), 1):
        upload = put(uploading, Upload(form(b"x" * 2 * MEBIBYTE)), session_of(user, number), stream=f"tab {number}")
        assert upload.status == 204
    upload = put(uploading, Upload(form(b"x")), session_of("tom", 3), stream="tab 3")
    assert (upload.status, dict(upload.answer[0]["headers"])[b"retry-after"]) == (503, b"60")


def together(uploading: Uploading, uploads: Iterable[Upload], session: Session) -> None:
    async def both() -> None:
        await asyncio.gather(
            *(
                uploading.put(
                    {**scope_of("tab 1", len(one.body)), "path": f"/_stcore/upload_file/tab 1/{id(one)}"},
                    one.receive,
                    one.send,
                    session,
                )
                for one in uploads
            )
        )

    asyncio.run(both())


def test_uploads_at_the_same_time_count_before_they_have_arrived(uploading: Uploading, streamlit: Streamlit) -> None:
    uploads = [Upload(form(b"x" * 2 * MEBIBYTE)) for _ in range(3)]
    together(uploading, uploads, session_of("sam"))
    assert sorted(one.status for one in uploads) == [204, 429, 429]


def test_browser_that_leaves_frees_its_room_and_leaves_nothing(uploading: Uploading, streamlit: Streamlit) -> None:
    for _ in range(5):
        upload = put(uploading, Upload(form(b"x" * 2 * MEBIBYTE), leaves=True), session_of("sam"))
        assert upload.answer == []
    assert streamlit.uploaded_file_mgr.sizes() == {}
    assert put(uploading, Upload(form(b"x" * 2 * MEBIBYTE)), session_of("sam")).status == 204


@pytest.mark.parametrize("leaves", [True, False])
def test_upload_leaves_no_second_copy_for_the_garbage_collector(
    uploading: Uploading, streamlit: Streamlit, *, leaves: bool
) -> None:
    upload = Upload(form(b"x" * 2 * MEBIBYTE), leaves=leaves)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        put(uploading, upload, session_of("sam"))
        streamlit.uploaded_file_mgr.remove_session_files("tab 1")
        left, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert left < MEBIBYTE


def test_file_that_outlives_its_tab_is_not_kept(uploading: Uploading, streamlit: Streamlit) -> None:
    upload = Upload(form(b"x" * MEBIBYTE))
    upload.while_arriving = streamlit.tabs.clear
    assert put(uploading, upload, session_of("sam")).status == 400
    assert streamlit.uploaded_file_mgr.sizes() == {}


@pytest.mark.parametrize("token", ["", "forged"])
def test_without_the_right_token_nothing_is_read(uploading: Uploading, streamlit: Streamlit, token: str) -> None:
    upload = put(uploading, Upload(form(b"data")), session_of("sam"), token=token)
    assert (upload.status, upload.taken) == (403, 0)


def test_body_that_is_no_form_is_the_senders_fault(uploading: Uploading, streamlit: Streamlit) -> None:
    assert put(uploading, Upload(b"data"), session_of("sam")).status == 400
    assert put(uploading, Upload(form(b"data")[:-10]), session_of("sam")).status == 400


def ask(uploading: Uploading, session: Session, stream: str, files: int) -> Message:
    """Ask where to put so many files, then something else: what comes through first."""
    question, other = BackMsg(), BackMsg()
    question.file_urls_request.request_id = "r"
    question.file_urls_request.session_id = stream
    question.file_urls_request.file_names.extend("x" for _ in range(files))
    other.rerun_script.query_string = "other"
    messages: list[Message] = [
        {"type": "websocket.receive", "bytes": message.SerializeToString()} for message in (question, other)
    ]

    came: list[Message] = []

    async def incoming() -> Message:
        return messages.pop(0)

    async def outgoing(_message: Message) -> None:
        pass

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        came.append(await receive())

    socket = GuardedSocket(session, incoming, outgoing, lambda: None, partial(uploading.no_room, session))
    asyncio.run(socket.run(app, {}))
    return came[0]


def kind(message: Message) -> str | None:
    read = BackMsg()
    read.ParseFromString(message["bytes"])
    found: str | None = read.WhichOneof("type")
    return found


def test_too_many_files_are_refused_beside_the_widget(uploading: Uploading, streamlit: Streamlit) -> None:
    assert kind(ask(uploading, session_of("sam"), "tab 1", 3)) == "file_urls_request"
    assert streamlit.sent == []
    assert kind(ask(uploading, session_of("sam"), "tab 1", 4)) == "rerun_script"
    (answer,) = [message.file_urls_response for message in streamlit.sent]
    assert answer.response_id == "r"
    assert answer.error_msg == "You may keep 3 uploaded files at a time. Remove some and try again."


def test_nobody_is_told_in_anothers_tab(uploading: Uploading, streamlit: Streamlit) -> None:
    assert kind(ask(uploading, session_of("sam"), "tab 2", 4)) == "file_urls_request"
    assert streamlit.sent == []
