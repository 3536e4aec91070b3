"""One websocket under the gate: its ending while the app waits, and what of its messages is noted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from starlette.types import Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from gatehouse.gate.session import Reason, Session
from gatehouse.gate.websocket import GuardedSocket

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


NOW = datetime.now(UTC)
SESSION = Session(uuid4(), "default", "https://id.example.org", "sam", None, {}, NOW, NOW, NOW, NOW, None, False)  # noqa: FBT003
WITHIN = 2.0


class Wire:
    """The server's side: what the browser sends, and what it was sent."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[Message] = asyncio.Queue()
        self.sent: list[Message] = []
        self.acted = asyncio.Event()
        self.socket = GuardedSocket(SESSION, self.incoming.get, self._send, self._act, lambda _: False)

    async def _send(self, message: Message) -> None:
        self.sent.append(message)

    def _act(self) -> None:
        self.acted.set()

    def says(self, message: BackMsg) -> None:
        """Have the browser send something."""
        self.incoming.put_nowait({"type": "websocket.receive", "bytes": message.SerializeToString()})


async def serving(wire: Wire, app: Callable[[Receive, Send], Awaitable[None]]) -> asyncio.Task[None]:
    """Serve `app` on the websocket, until it first waits."""

    async def asgi(_scope: Scope, receive: Receive, send: Send) -> None:
        await app(receive, send)

    task = asyncio.ensure_future(wire.socket.run(asgi, {}))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return task


def rerun(url: str = "", query: str = "") -> BackMsg:
    message = BackMsg()
    message.rerun_script.query_string = query
    message.rerun_script.context_info.url = url
    return message


def status(*, running: bool) -> Message:
    message = ForwardMsg()
    message.session_status_changed.script_is_running = running
    message.session_status_changed.run_on_save = True
    return {"type": "websocket.send", "bytes": message.SerializeToString()}


async def test_an_ending_wakes_an_app_that_waits_for_the_browser_and_sends_nothing_of_it_after() -> None:
    wire, got = Wire(), []

    async def app(receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        got.append(await receive())
        await send({"type": "websocket.send", "bytes": b"late"})

    task = await serving(wire, app)
    await wire.socket.end("operator")
    await asyncio.wait_for(task, WITHIN)
    assert got[0]["type"] == "websocket.disconnect"
    assert [message["type"] for message in wire.sent] == ["websocket.accept", "websocket.send", "websocket.close"]
    assert b"late" not in [message.get("bytes") for message in wire.sent]


async def test_an_ending_between_two_messages_is_seen_at_the_next() -> None:
    wire, got, ended = Wire(), [], asyncio.Event()

    async def app(receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        got.append(await receive())
        await ended.wait()
        got.append(await receive())

    task = await serving(wire, app)
    wire.says(rerun())
    await asyncio.wait_for(wire.acted.wait(), WITHIN)
    await asyncio.sleep(0)
    assert len(got) == 1
    wire.says(rerun())
    await wire.socket.end("operator")
    ended.set()
    await asyncio.wait_for(task, WITHIN)
    assert [message["type"] for message in got] == ["websocket.receive", "websocket.disconnect"]


async def test_cancelling_the_app_is_no_ending() -> None:
    wire = Wire()

    async def app(receive: Receive, send: Send) -> None:
        await receive()

    task = await serving(wire, app)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, WITHIN)


async def test_a_handshake_that_ended_before_it_was_accepted_is_refused() -> None:
    wire, ended = Wire(), asyncio.Event()

    async def app(receive: Receive, send: Send) -> None:
        await ended.wait()
        await send({"type": "websocket.accept"})

    task = await serving(wire, app)
    await wire.socket.end("operator")
    ended.set()
    await asyncio.wait_for(task, WITHIN)
    assert wire.sent == [{"type": "websocket.close"}]


@pytest.mark.parametrize(
    ("reason", "place"),
    [("idle", "/auth/signed-out?reason=idle&next=%2Fapprovals%3Fid%3D7"), ("replaced", "/approvals?id=7")],
)
async def test_the_farewell_leads_back_to_where_the_tab_was(reason: Reason, place: str) -> None:
    wire = Wire()

    async def app(receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass

    task = await serving(wire, app)
    wire.says(rerun("https://app.example.org/approvals?old=1", "id=7"))
    await asyncio.wait_for(wire.acted.wait(), WITHIN)
    await wire.socket.end(reason)
    await asyncio.wait_for(task, WITHIN)
    farewell = ForwardMsg.FromString(wire.sent[1]["bytes"])
    assert farewell.auth_redirect.url == place


async def test_a_run_that_the_user_asked_for_is_busy_until_it_is_done() -> None:
    wire, seen, asked = Wire(), [], asyncio.Event()

    async def app(receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await send(status(running=True))
        seen.append(wire.socket.busy())  # a fragment that started by itself
        await send(status(running=False))
        await receive()
        await send(status(running=True))
        seen.append(wire.socket.busy())
        finished = ForwardMsg()
        finished.script_finished = ForwardMsg.FINISHED_SUCCESSFULLY
        await send({"type": "websocket.send", "bytes": finished.SerializeToString()})
        seen.append(wire.socket.busy())
        asked.set()

    task = await serving(wire, app)
    wire.says(rerun())
    await asyncio.wait_for(task, WITHIN)
    assert seen == [False, True, False]


async def test_a_tab_is_told_of_a_new_version_and_goes_on() -> None:
    wire, got = Wire(), []

    async def app(receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        got.append(await receive())
        await send({"type": "websocket.send", "bytes": b"after"})

    task = await serving(wire, app)
    await wire.socket.notice("A new version is ready")
    told = ForwardMsg()
    told.ParseFromString(wire.sent[-1]["bytes"])
    assert told.delta.new_element.toast.body == "A new version is ready"
    wire.says(rerun())
    await asyncio.wait_for(task, WITHIN)
    assert wire.sent[-1]["bytes"] == b"after"


async def test_a_tab_that_is_moved_loads_the_place_where_it_was() -> None:
    wire = Wire()

    async def app(receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass

    task = await serving(wire, app)
    wire.says(rerun("https://app.example.org/ledger", "year=2026"))
    await asyncio.wait_for(wire.acted.wait(), WITHIN)
    await wire.socket.move()
    await asyncio.wait_for(task, WITHIN)
    moved = ForwardMsg()
    moved.ParseFromString(wire.sent[-2]["bytes"])
    assert moved.auth_redirect.url == "/ledger?year=2026"
    assert wire.sent[-1]["type"] == "websocket.close"


async def test_a_tab_is_never_moved_to_another_host() -> None:
    wire = Wire()

    async def app(receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass

    task = await serving(wire, app)
    wire.says(rerun("https://app.example.org//evil.example/x"))
    await asyncio.wait_for(wire.acted.wait(), WITHIN)
    await wire.socket.move()
    await asyncio.wait_for(task, WITHIN)
    moved = ForwardMsg()
    moved.ParseFromString(wire.sent[-2]["bytes"])
    assert moved.auth_redirect.url == "/"
