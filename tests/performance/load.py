"""A visitor's websocket, spoken as Streamlit's page speaks it, at little cost of its own."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from performance.servers import PORT, Server

_FINISHED_BYTES = 64
"""`script_finished` is far smaller; larger messages are not looked into."""


class Visitor:
    """One open tab."""

    def __init__(self, websocket: ClientConnection, origin: str) -> None:
        self._websocket = websocket
        self._origin = origin
        self._slider: str | None = None
        self._count = 0

    def open(self) -> None:
        """Have the script run for the first time, to its end."""
        self._websocket.send(self._message())
        for data in self._answers():
            message = ForwardMsg.FromString(data)
            if message.delta.new_element.HasField("slider"):
                self._slider = message.delta.new_element.slider.id

    def rerun(self) -> int:
        """Move the slider, and wait until the script has run. Returns how many messages came."""
        self._count += 1
        self._websocket.send(self._message())
        return sum(1 for _ in self._answers())

    def rerun_for_text(self) -> str:
        """The same; returns the last text that the script showed."""
        self._count += 1
        self._websocket.send(self._message())
        shown = [ForwardMsg.FromString(data).delta.new_element for data in self._answers()]
        texts: list[str] = [element.text.body for element in shown if element.HasField("text")]
        return texts[-1]

    def _message(self) -> bytes:
        message = BackMsg()
        state = message.rerun_script
        state.query_string = ""
        state.context_info.url = f"{self._origin}/"
        state.context_info.timezone = "Europe/Vienna"
        state.context_info.timezone_offset = -60
        state.context_info.locale = "en-GB"
        state.context_info.color_scheme = "light"
        if self._slider:
            widget = state.widget_states.widgets.add(id=self._slider)
            widget.double_array_value.data.append(self._count % 100)
        data: bytes = message.SerializeToString()
        return data

    def _answers(self) -> Iterator[bytes]:
        while True:
            data: bytes = self._websocket.recv(timeout=30, decode=False)
            yield data
            if len(data) <= _FINISHED_BYTES:
                message = ForwardMsg.FromString(data)
                if message.WhichOneof("type") == "script_finished":
                    # Anything but success would be a script that does less than it should.
                    assert message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
                    return


@contextmanager
def visitor(server: Server, cookies: dict[str, str] | None = None) -> Iterator[Visitor]:
    """Open a websocket straight to the server; the script has not run yet."""
    origin = f"https://{server.host}"
    line = "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())
    token = (cookies or {}).get("_streamlit_xsrf")
    raw = socket.create_connection((server.address, PORT), timeout=20)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connect(
        f"ws://{server.host}/_stcore/stream",
        sock=raw,
        origin=Origin(origin),
        subprotocols=[Subprotocol(word) for word in ("streamlit", token) if word],
        additional_headers={"Cookie": line} if line else None,
        compression=None,
        max_size=None,
        close_timeout=1,
        proxy=None,
    ) as websocket:
        yield Visitor(websocket, origin)
