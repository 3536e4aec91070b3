"""A visitor's websocket, spoken as Streamlit's page speaks it, at little cost of its own."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from performance.page import Page, finished
from performance.servers import Server


class Visitor:
    """One open tab."""

    def __init__(self, websocket: ClientConnection, origin: str) -> None:
        self._websocket = websocket
        self._page = Page(origin)

    def open(self) -> None:
        """Have the script run for the first time, to its end."""
        for data in self._run():
            self._page.look(data)

    def rerun(self) -> int:
        """Move the slider, and wait until the script has run. Returns how many messages came."""
        return sum(1 for _ in self._run())

    def rerun_for_text(self) -> str:
        """The same; returns the last text that the script showed."""
        shown = [ForwardMsg.FromString(data).delta.new_element for data in self._run()]
        texts: list[str] = [element.text.body for element in shown if element.HasField("text")]
        return texts[-1]

    def led_to(self) -> str:
        """Have the script run; returns where it sends the browser to sign in."""
        shown = [ForwardMsg.FromString(data) for data in self._run()]
        return next(str(message.auth_redirect.url) for message in shown if message.HasField("auth_redirect"))

    def _run(self) -> Iterator[bytes]:
        self._websocket.send(self._page.run())
        ended = False
        while not ended:
            data: bytes = self._websocket.recv(timeout=30, decode=False)
            ended = finished(data)
            yield data


def offer(cookies: dict[str, str]) -> tuple[list[Subprotocol], dict[str, str] | None]:
    """The subprotocols and headers of a handshake."""
    token = cookies.get("_streamlit_xsrf")
    line = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return [Subprotocol(word) for word in ("streamlit", token) if word], {"Cookie": line} if line else None


@contextmanager
def visitor(server: Server, cookies: dict[str, str] | None = None) -> Iterator[Visitor]:
    """Open a websocket straight to the server; the script has not run yet."""
    origin = f"https://{server.host}"
    subprotocols, headers = offer(cookies or {})
    raw = socket.create_connection((server.address, server.port), timeout=20)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connect(
        f"ws://{server.host}/_stcore/stream",
        sock=raw,
        origin=Origin(origin),
        subprotocols=subprotocols,
        additional_headers=headers,
        compression=None,
        max_size=None,
        close_timeout=1,
        proxy=None,
    ) as websocket:
        yield Visitor(websocket, origin)
