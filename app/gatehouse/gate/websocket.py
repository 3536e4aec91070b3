"""One websocket under the gate: what comes in is looked at, and an ending session closes it with a word to the tab."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlsplit

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Common_pb2 import FileURLsRequest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.RootContainer_pb2 import RootContainer

from gatehouse.gate.attempts import Attempts
from gatehouse.gate.ownership import owns_deferred, serving
from gatehouse.gate.session import Reason, Session

# Status codes of RFC 6455 §7.4.1 and of its registry.
_TRY_AGAIN_LATER = 1013
_POLICY_VIOLATION = 1008
_UNSUPPORTED_DATA = 1003

_SLOW_SECONDS = 1.0
"""A tab that does not take its last message for so long is cut off without it."""

_WAY_OUT_SECONDS = 4.0
"""So long the tab that signed out has to reach the provider."""

_COOKIE_SECONDS = 1.0
"""So long the browser that signed in again has to get its new cookie."""

_UNREAD = 16
"""So many small messages are kept unread, at most."""

_STATUS_BYTES = 64
"""`script_finished` takes 44 bytes, `session_status_changed` 6; larger messages are not looked into."""

# What a tab needs. Of the others in streamlit 1.67, `clear_cache` empties the caches of all users
# (runtime/app_session.py), the debug messages stop the server in development mode; what a new release adds stays out.
_TAKEN = frozenset({"rerun_script", "stop_script", "app_heartbeat", "file_urls_request", "backend_operation_request"})
# Of the last: installing things writes files, and is for a developer's own machine.
_OPERATIONS = frozenset({"deferred_file", "dataframe_chunk"})
_ALL_TAKEN = _TAKEN | _OPERATIONS

_log = logging.getLogger(__name__)


class GuardedSocket:
    """The ASGI app's side of one websocket. `run` serves it; `end` and `reconnect` may come from elsewhere any time."""

    def __init__(
        self,
        session: Session,
        receive: Receive,
        send: Send,
        acted: Callable[[], None],
        no_room: Callable[[FileURLsRequest], bool],
    ) -> None:
        """Args: acted: called when the user does something. no_room: tells whether no file of a tab's may come now."""
        self.session = session
        self._receive, self._send = receive, send
        self._acted = acted
        self._no_room = no_room
        self._closed = False
        self._waiting: asyncio.Task[object] | None = None  # for the browser's next message
        self._woken = False
        self._farewell = asyncio.Lock()
        self._accepted = False
        self._leaving: asyncio.Future[None] | None = None
        self._url, self._query = "", ""  # where in the app the tab is
        self._asked_by_user = False
        self._running = False
        self._unread: list[bytes] = []  # what may be news of the script's state, and was not needed yet

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        """Let `app` serve the websocket until either side ends it."""
        serving.set(str(self.session.id))
        await app(scope, self._guarded_receive, self._guarded_send)
        # The server closes the connection once the app is done: the last message goes out before.
        async with self._farewell:
            return

    async def tell(self, reason: Reason, subprotocol: str | None) -> None:
        """Accept a handshake of a session that has ended, only to send the tab to the page that says why."""
        await self._receive()
        await self._send({"type": "websocket.accept", "subprotocol": subprotocol})
        self._accepted = True
        await self.end(reason)

    async def turn_away(self, subprotocol: str | None) -> None:
        """Accept a handshake for which there is no room, only to have the tab load its page, which says so."""
        await self._receive()
        await self._send({"type": "websocket.accept", "subprotocol": subprotocol})
        self._accepted = True
        self._shut()
        async with self._farewell:
            await self._redirect("/")

    def busy(self) -> bool:
        """Whether a script that a user's action started is running."""
        self._read_status()
        return self._running and self._asked_by_user

    async def end(self, reason: Reason) -> None:
        """Send the tab to the page that says why, and close. Nothing of the app is sent from here on."""
        if self._closed:
            return
        self._shut()
        async with self._farewell:
            await self._say(reason)

    async def _say(self, reason: Reason) -> None:
        if reason == "replaced":
            # Somebody signed in again in this browser, perhaps by a tab that followed: its new cookie is all tabs'.
            await self._redirect(Attempts.local(self._place()))
            return
        place = quote(Attempts.local(self._place()), safe="")
        await self._redirect(f"/auth/signed-out?reason={reason}&next={place}")

    async def _redirect(self, url: str) -> None:
        if not self._accepted:
            return
        message = ForwardMsg()
        message.auth_redirect.url = url
        with contextlib.suppress(Exception):  # the tab may be gone, and then there is nobody to tell
            async with asyncio.timeout(_SLOW_SECONDS):
                await self._send({"type": "websocket.send", "bytes": message.SerializeToString()})
                await self._send({"type": "websocket.close", "code": _POLICY_VIOLATION})

    def _place(self) -> str:
        query = f"?{self._query}" if self._query else ""
        return urlsplit(self._url).path + query if self._url else "/"

    def end_soon(self, reason: Reason) -> None:
        """Send nothing of the app from here on, and the tab away in a moment.

        The one that signed out is on its way to the provider, and being sent elsewhere would cut that off. Where
        somebody signed in again, the answer that brings the new cookie is on its way.
        """
        if not self._closed:
            self._shut()
            self._leaving = asyncio.ensure_future(self._say_later(reason))

    async def _say_later(self, reason: Reason) -> None:
        async with self._farewell:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_COOKIE_SECONDS if reason == "replaced" else _WAY_OUT_SECONDS):
                    while (await self._receive())["type"] != "websocket.disconnect":
                        pass
                    return
            await self._say(reason)

    async def reconnect(self) -> None:
        """Close so that the tab comes back by itself; it keeps what it shows."""
        await self._close(_TRY_AGAIN_LATER)

    async def notice(self, text: str) -> None:
        """Show the tab a line that stays until it is closed, beside what the app shows."""
        if self._closed or not self._accepted:
            return
        message = ForwardMsg()
        message.metadata.delta_path.extend([RootContainer.EVENT, 0])
        message.delta.new_element.toast.body = text
        with contextlib.suppress(Exception):  # as in _say
            async with asyncio.timeout(_SLOW_SECONDS):
                await self._send({"type": "websocket.send", "bytes": message.SerializeToString()})

    async def move(self) -> None:
        """Have the tab load its page again, which brings it to another process, and close."""
        if self._closed:
            return
        self._shut()
        async with self._farewell:
            await self._redirect(Attempts.local(self._place()))

    async def _close(self, code: int) -> None:
        if self._closed:
            return
        self._shut()
        if self._accepted:
            with contextlib.suppress(Exception):  # as above
                async with self._farewell, asyncio.timeout(_SLOW_SECONDS):
                    await self._send({"type": "websocket.close", "code": code})

    def _shut(self) -> None:
        self._closed = True
        if self._waiting:
            self._woken = True
            self._waiting.cancel()

    def _guarded_send(self, message: Message) -> Awaitable[None]:
        # No coroutine of its own: a script sends hundreds of messages (tests/performance/test_gate_rerun.py).
        if self._closed or message["type"] != "websocket.send":
            return self._send_change(message)
        if (data := message.get("bytes")) and len(data) <= _STATUS_BYTES:
            self._unread.append(data)
            if len(self._unread) > _UNREAD:
                self._read_status()
        return self._send(message)

    async def _send_change(self, message: Message) -> None:
        if self._closed:
            if message["type"] == "websocket.accept":
                # It ended before Streamlit got round to it: refuse the handshake.
                await self._send({"type": "websocket.close"})
            return
        if message["type"] == "websocket.accept":
            self._accepted = True
        elif message["type"] == "websocket.close":
            self._shut()
        await self._send(message)

    async def _guarded_receive(self) -> Message:
        while message := await self._next():
            if message["type"] != "websocket.receive":
                return message
            if message.get("bytes") is None:
                # Streamlit would answer a text frame with a traceback in the log.
                await self._close(_UNSUPPORTED_DATA)
                break
            if (allowed := self._allowed(message["bytes"])) is not None:
                message["bytes"] = allowed
                return message
        return {"type": "websocket.disconnect", "code": _POLICY_VIOLATION}

    async def _next(self) -> Message | None:
        """Return the next message, or None once the websocket has been closed from this side."""
        if self._closed:
            return None
        # As asyncio.timeout does it, which costs 1 µs more; two tasks to wait for either would cost 50 µs a message.
        self._waiting = task = asyncio.current_task()
        try:
            return await self._receive()
        except asyncio.CancelledError:
            if self._woken and task and not task.uncancel():
                return None
            raise
        finally:
            self._waiting = None

    def _allowed(self, data: bytes) -> bytes | None:
        """Return what Streamlit is to get of a message from the browser, or None."""
        message = BackMsg()
        try:
            message.ParseFromString(data)
        except DecodeError:
            return data  # Streamlit closes the websocket
        kind: str | None = message.WhichOneof("type")
        if kind == "rerun_script":
            self._rerun(message.rerun_script)
            return data
        request = message.backend_operation_request
        if kind == "backend_operation_request":
            kind = request.WhichOneof("payload")
        if kind not in _ALL_TAKEN:
            _log.info("message refused", extra={"message_type": kind, "session": str(self.session.id)})
            return None
        if kind == "app_heartbeat":
            return data
        if kind == "deferred_file" and not owns_deferred(request.deferred_file.file_id, request.session_id):
            # Streamlit 1.67 runs any session's callable; an unknown id gets its ordinary failure.
            request.deferred_file.file_id = "none"
            data = message.SerializeToString()
        elif kind == "file_urls_request" and self._no_room(message.file_urls_request):
            return None
        self._acted()
        return data

    def _rerun(self, state: ClientState) -> None:
        if state.context_info.url:
            self._url, self._query = state.context_info.url, state.query_string
        if not state.is_auto_rerun:
            # Whatever was said before is of another run.
            self._unread.clear()
            self._asked_by_user = True
            self._acted()

    def _read_status(self) -> None:
        for data in self._unread:
            self._note_status(data)
        self._unread.clear()

    def _note_status(self, data: bytes) -> None:
        message = ForwardMsg()
        try:
            message.ParseFromString(data)
        except DecodeError:
            return
        kind = message.WhichOneof("type")
        if kind == "session_status_changed":
            self._running = message.session_status_changed.script_is_running
        elif kind == "script_finished":
            self._running = False
        if not self._running:
            # A timed fragment that starts by itself later is not the user's doing.
            self._asked_by_user = False
