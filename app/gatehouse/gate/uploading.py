"""An upload on its way in: judged before and while its bytes arrive, and held once.

Streamlit's own route writes the body to a temporary file, which is memory in a container, and then reads it whole.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import closing

import streamlit as st
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from streamlit import runtime
from streamlit.proto.Common_pb2 import FileURLsRequest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from streamlit.web.server.starlette.starlette_app_utils import validate_xsrf_token

from gatehouse.gate import held_files
from gatehouse.gate.headers import XSRF_COOKIE, cookies, header
from gatehouse.gate.multipart_file import MultipartFile, NotOneFile, TooLarge
from gatehouse.gate.ownership import owner_of
from gatehouse.gate.session import Session
from gatehouse.gate.upload_limits import MEBIBYTE
from gatehouse.gate.upload_room import Holder, Refusal, Room
from gatehouse.gate.web import NO_STORE

_FORM_BYTES = MEBIBYTE
"""So much larger than its file a body may be: boundaries, headers, the name. Streamlit allows the same."""

_RELOAD = "The page has lost its connection. Reload it and try again."

_log = logging.getLogger(__name__)


class Uploading:
    """What the wall asks about uploads. `room`: what may be held."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def put(self, scope: Scope, receive: Receive, send: Send, session: Session) -> None:
        """Answer a PUT to `/_stcore/upload_file/<Streamlit's session>/<file>`; the first belongs to `session`."""
        stream, file_id = scope["path"].split("/")[-2:]
        try:
            response = await self._answer(scope, receive, Holder.of(session), stream, file_id)
        except ClientDisconnect:
            return
        except Refusal as refusal:
            _note(refusal, session)
            held_files.show(stream, str(refusal))
            response = _plain(refusal.status, str(refusal))
            if refusal.status == 503:
                response.headers["Retry-After"] = "60"
        await response(scope, receive, send)

    def no_room(self, session: Session, question: FileURLsRequest) -> bool:
        """Tell whether a tab that asks where to put files has no room for any; it has then been told.

        That answer Streamlit's page shows beside the widget, in words.
        """
        if owner_of(question.session_id) != str(session.id):
            return False
        try:
            self._room.look(Holder.of(session), len(question.file_names))
        except Refusal as refusal:
            _note(refusal, session)
            answer = ForwardMsg()
            answer.file_urls_response.response_id = question.request_id
            answer.file_urls_response.error_msg = str(refusal)
            held_files.tell(question.session_id, answer)
            return True
        return False

    async def _answer(self, scope: Scope, receive: Receive, holder: Holder, stream: str, file_id: str) -> Response:
        if not validate_xsrf_token(header(scope, b"x-xsrftoken"), cookies(scope).get(XSRF_COOKIE)):
            return _plain(403, "XSRF token missing or invalid.")
        if not runtime.get_instance().is_active_session(stream):
            return _plain(400, _RELOAD)
        limit = st.get_option("server.maxUploadSize") * MEBIBYTE
        declared = header(scope, b"content-length") or ""
        size = int(declared) if declared.isdecimal() else 0
        _within(size - _FORM_BYTES, limit)
        try:
            kind = header(scope, b"content-type") or ""
            with (
                self._room.claim(stream, holder, min(size, limit)) as claim,
                closing(MultipartFile(kind, limit)) as file,
            ):
                received = 0
                async for body in _pieces(receive):
                    received += len(body)
                    _within(received - _FORM_BYTES, limit)
                    self._room.grow(claim, min(received, limit))
                    file.write(body)
                data = file.finish()
                # What came too late for its tab would never be let go of.
                if not runtime.get_instance().is_active_session(stream):
                    return _plain(400, _RELOAD)
                held_files.files().add_file(stream, UploadedFileRec(file_id, file.name, file.type, data))
        except NotOneFile as fault:
            return _plain(400, str(fault))
        except TooLarge:
            _within(limit + 1, limit)
        return Response(status_code=204, headers=NO_STORE)


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        yield message.get("body", b"")
        if not message.get("more_body"):
            return


def _within(size: int, limit: int) -> None:
    if size > limit:
        sentence = f"A file may have {limit // MEBIBYTE} MB at most; this one is larger."
        raise Refusal(413, sentence, "file", size, limit)


def _note(refusal: Refusal, session: Session) -> None:
    extra = {"limit": refusal.limit, "asked": refusal.asked, "allowed": refusal.allowed, "session": str(session.id)}
    _log.warning("upload refused", extra=extra)


def _plain(status: int, text: str) -> Response:
    return PlainTextResponse(text, status_code=status, headers=NO_STORE)
