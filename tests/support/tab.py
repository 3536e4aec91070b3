"""An open tab without a browser: Streamlit's websocket, spoken as its page speaks it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from support.http import tls_context_for_threads
from support.person import Person


class Tab:
    """One websocket. `session_id`: Streamlit's, once the first run has begun."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.session_id = ""
        self.seen: list[ForwardMsg] = []

    def send(self, message: BackMsg) -> None:
        """Send one message of the page's."""
        self.socket.send(message.SerializeToString())

    def rerun(self, query: str = "", *, auto: bool = False, url: str = "", page: str = "") -> None:
        """Ask for a run of the script, as on load.

        Args:
            query: of the page's address.
            auto: as a timed fragment does.
            url: address of the page, as the browser shows it.
            page: name of the page in its address, such as welcome for pages/welcome.py.
        """
        message = BackMsg()
        message.rerun_script.query_string = query
        message.rerun_script.page_name = page
        message.rerun_script.is_auto_rerun = auto
        message.rerun_script.context_info.url = url
        self.send(message)

    def next(self, timeout: float = 10) -> ForwardMsg | None:
        """The next message, or None when the server has closed the websocket."""
        try:
            data = self.socket.recv(timeout=timeout)
        except ConnectionClosed:
            return None
        message = ForwardMsg()
        message.ParseFromString(data if isinstance(data, bytes) else data.encode())
        self.seen.append(message)
        if message.WhichOneof("type") == "new_session":
            self.session_id = message.new_session.initialize.session_id
        return message

    def until(self, kind: str, timeout: float = 20) -> ForwardMsg:
        """Read until a message of this kind."""
        deadline = time.monotonic() + timeout
        while (message := self.next(max(0.1, deadline - time.monotonic()))) is not None:
            if message.WhichOneof("type") == kind:
                return message
        raise AssertionError(f"closed before {kind}")

    def shown(self) -> str:
        """All text and figures of the elements that the last run has sent so far."""
        deltas = [message.delta.new_element for message in self.seen if message.WhichOneof("type") == "delta"]
        return "\n".join(str(element) for element in deltas)

    def run(self, query: str = "", page: str = "") -> str:
        """Run the script to its end and return what it shows."""
        self.seen.clear()
        self.rerun(query, page=page)
        self.until("script_finished")
        return self.shown()

    def farewell(self, timeout: float = 10) -> str | None:
        """Read until the websocket closes; where the tab was sent, if anywhere."""
        place = None
        deadline = time.monotonic() + timeout
        while (message := self.next(max(0.1, deadline - time.monotonic()))) is not None:
            if message.WhichOneof("type") == "auth_redirect":
                place = message.auth_redirect.url
            else:
                assert place is None, "something of the app came after the farewell"
        return place


@contextmanager
def tab(
    person: Person,
    *,
    origin: str | None = None,
    token: str | None = None,
    resume: str = "",
    cookies: str | None = None,
) -> Iterator[Tab]:
    """Open a tab with the person's cookies. `origin`, `token` and `cookies` replace what a browser would send."""
    stack = person.stack
    if token is None:
        person.asks("/_stcore/health")  # sets the XSRF cookie
        token = (person.http.cookies.get("_streamlit_xsrf") or "none").strip('"')
    jar = (
        cookies
        if cookies is not None
        else "; ".join(f"{c.name}={c.value}" for c in person.http.cookies.jar if "app." in c.domain)
    )
    url = urlsplit(stack.app_url)
    offered = ["streamlit", token, *([resume] if resume else [])]
    with connect(
        f"wss://{url.netloc}/_stcore/stream",
        sock=socket.create_connection((stack.address, url.port or 443), timeout=20),
        ssl=tls_context_for_threads(stack.ca),
        server_hostname=url.hostname,
        origin=Origin(origin or stack.app_url),
        subprotocols=[Subprotocol(word) for word in offered],
        additional_headers={"Cookie": jar},
        max_size=None,
        open_timeout=20,
        close_timeout=1,
        proxy=None,
    ) as connection:
        yield Tab(connection)
