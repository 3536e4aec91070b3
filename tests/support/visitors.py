"""Browsers of many people and their open tabs, all in one event loop and at little cost."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from support.person import NAVIGATION, Person

_PATIENCE = 60.0  # seconds; of the test's: three engines and a rollout share two cores
_SMALL = 4096  # bytes; what tells a tab something beside the page's elements is smaller
_TIMEOUT = dict.fromkeys(("connect", "read", "write", "pool"), _PATIENCE)


class Visitor:
    """The browser of somebody who has signed in."""

    def __init__(self, person: Person, tls: ssl.SSLContext) -> None:
        self._stack, self._tls = person.stack, tls
        self._cookies = {one.name: one.value or "" for one in person.http.cookies.jar if "app." in one.domain}
        self.loaded = False
        """Whether the page was loaded since the sign-in."""
        self._transport = httpx.AsyncHTTPTransport(verify=tls, limits=httpx.Limits(max_keepalive_connections=0))

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], content: AsyncIterator[bytes] | None = None
    ) -> httpx.Response:
        """One request; cookies as a browser keeps them."""
        url = httpx.URL(self._stack.app_url).join(path)
        names = {"Host": url.netloc.decode(), "Cookie": self._jar}
        request = httpx.Request(
            method,
            url.copy_with(host=self._stack.address),
            content=content,
            headers=names | dict(headers),
            extensions={"sni_hostname": url.host, "timeout": _TIMEOUT},
        )
        answer = await self._transport.handle_async_request(request)
        answer.request = request
        await answer.aread()
        for line in answer.headers.get_list("set-cookie"):
            for name, found in SimpleCookie(line).items():
                self._cookies[name] = found.value
                if found["max-age"] == "0":
                    del self._cookies[name]
        return answer

    async def fetch(
        self,
        path: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        content: AsyncIterator[bytes] | None = None,
    ) -> httpx.Response:
        """A request of a page's script to its own origin."""
        xsrf = self._cookies.get("_streamlit_xsrf", "").strip('"')
        own = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin", "Origin": self._stack.app_url}
        return await self.ask(method, path, own | {"X-Xsrftoken": xsrf, **(headers or {})}, content)

    async def load(self, path: str) -> httpx.Response:
        """Load the page, also where it is to be loaded anew, from another version."""
        self.loaded = True
        answer = await self.ask("GET", path, NAVIGATION)
        if answer.has_redirect_location and answer.headers["location"] == path:
            answer = await self.ask("GET", path, NAVIGATION)
        return answer

    @asynccontextmanager
    async def tab(self) -> AsyncIterator[OpenTab]:
        """Open a tab; nothing runs yet."""
        if "_streamlit_xsrf" not in self._cookies:
            await self.fetch("/_stcore/health")
        url = urlsplit(self._stack.app_url)
        async with connect(
            f"wss://{url.netloc}/_stcore/stream",
            host=self._stack.address,
            port=url.port or 443,
            ssl=self._tls,
            server_hostname=url.hostname,
            origin=Origin(self._stack.app_url),
            subprotocols=[Subprotocol("streamlit"), Subprotocol(self._cookies["_streamlit_xsrf"].strip('"'))],
            additional_headers={"Cookie": self._jar},
            compression=None,
            max_size=None,
            open_timeout=_PATIENCE,
            ping_interval=None,
            close_timeout=1,
            proxy=None,
        ) as websocket:
            yield OpenTab(websocket, self._stack.app_url)

    @property
    def _jar(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())


class OpenTab:
    """One websocket, spoken as Streamlit's page speaks it."""

    def __init__(self, websocket: ClientConnection, app_url: str) -> None:
        self._websocket, self._app_url = websocket, app_url

    async def send(self, message: BackMsg) -> None:
        """Send one message of the page's."""
        await self._websocket.send(message.SerializeToString())

    async def rerun(self, page: str = "", change: Callable[[BackMsg], None] = lambda _: None) -> None:
        """Ask for a run of the script of `page`; `change` adds the state of widgets."""
        message = BackMsg()
        message.rerun_script.page_name = page
        message.rerun_script.context_info.url = f"{self._app_url}/{page}"
        change(message)
        await self.send(message)

    async def next(self, *, whole: bool = False) -> ForwardMsg:
        """The next message; large ones are left out unless `whole`. Raises ConnectionClosed."""
        while True:
            data = await self._websocket.recv(decode=False)
            if whole or len(data) <= _SMALL:
                message = ForwardMsg()
                message.ParseFromString(data)
                return message

    async def until(self, *kinds: str, seen: list[ForwardMsg] | None = None) -> ForwardMsg:
        """Read until a message of these kinds; `seen` gets all on the way. Raises ConnectionClosed, TimeoutError."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                message = await self.next(whole=seen is not None)
                if seen is not None:
                    seen.append(message)
                if message.WhichOneof("type") in kinds:
                    return message
