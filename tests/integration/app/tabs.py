"""Be browser tabs with files to upload, inside the app's container, and print what happened as one line of JSON.

Usage: python - one <megabytes> | many <sessions> <megabytes>. Sessions are made as the gate makes them at the end of a
sign-in, and four of them belong to one account. Memory is in bytes: the server's resident set and what lies in /tmp.
"""

# ruff: noqa: T201 (what it prints is its answer)
from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from gatehouse.gate.crypt import keys
from gatehouse.gate.database import open_pool
from gatehouse.gate.session import Limits, NewSession, Tokens
from gatehouse.gate.store import Store
from gatehouse.settings import settings

ORIGIN = settings().app_url
PUBLIC = ORIGIN.removeprefix("https://")
HOUR = timedelta(hours=1)
MEBIBYTE = 1024 * 1024
HEAD = b'--edge\r\nContent-Disposition: form-data; name="a"; filename="a.bin"\r\n\r\n'
TAIL = b"\r\n--edge--\r\n"


async def signed_in(count: int) -> list[str]:
    """The cookies of so many new sessions."""
    pool = await open_pool()
    try:
        store = Store(pool, keys(), Limits(HOUR, HOUR, HOUR, HOUR))
        made = []
        for number in range(count):
            user = f"user{number // 4}"
            claims = {"iss": "https://id.example", "sub": user}
            tokens = Tokens(None, None, None)
            new = NewSession("default", "https://id.example", user, None, datetime.now(UTC), claims, tokens)
            made.append((await store.begin(new, attempt=secrets.token_hex(), replaces=None))[1])
        return made
    finally:
        await pool.close()


def server() -> Path:
    """The server's folder in /proc."""
    running = b"python\0-m\0gatehouse.serve\0"
    return next(path.parent for path in Path("/proc").glob("[0-9]*/cmdline") if path.read_bytes() == running)


def memory(figure: str = "VmRSS") -> int:
    lines = (server() / "status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(figure))) * 1024 + temporary()


def temporary() -> int:
    found = os.statvfs("/tmp")  # noqa: S108
    return (found.f_blocks - found.f_bfree) * found.f_frsize


async def falls_to(limit: int) -> int:
    """The memory, once it is below `limit`, or as it is after ten seconds."""
    for _ in range(50):
        if memory() < limit:
            break
        await asyncio.sleep(0.2)
    return memory()


class Tab:
    """One open tab."""

    def __init__(self, http: httpx.AsyncClient, websocket: ClientConnection, headers: dict[str, str]) -> None:
        self.http, self.websocket, self.headers = http, websocket, headers
        self.stream = self.widget = self.text = ""
        self.most_temporary = 0

    async def ask(self, message: BackMsg, answer: str) -> ForwardMsg:
        await self.websocket.send(message.SerializeToString())
        while True:
            got = ForwardMsg()
            got.ParseFromString(await asyncio.wait_for(self.websocket.recv(decode=False), 60))
            kind = got.WhichOneof("type")
            if kind == "new_session":
                self.stream = got.new_session.initialize.session_id
            elif kind == "delta":
                element = got.delta.new_element
                self.widget = element.file_uploader.id or self.widget
                self.text = element.text.body or self.text
            if kind == answer:
                return got

    async def run(self, query: str = "", file_id: str = "") -> str:
        """Run the script, with a file in its uploader; what it shows."""
        message = BackMsg()
        message.rerun_script.query_string = query
        if file_id:
            widget = message.rerun_script.widget_states.widgets.add(id=self.widget)
            widget.file_uploader_state_value.uploaded_file_info.add(file_id=file_id, name="a.bin")
        await self.ask(message, "script_finished")
        return self.text

    async def place(self) -> Any:  # noqa: ANN401 (a message of Streamlit's)
        """Where to put a file."""
        message = BackMsg()
        message.file_urls_request.request_id = "r"
        message.file_urls_request.session_id = self.stream
        message.file_urls_request.file_names.append("a.bin")
        answer = (await self.ask(message, "file_urls_response")).file_urls_response
        return answer.file_urls[0] if answer.file_urls else answer.error_msg

    async def put(self, url: str, size: int, *, declared: bool = True) -> httpx.Response:
        async def body() -> AsyncIterator[bytes]:
            yield HEAD
            piece = b"x" * 65536
            for start in range(0, size, len(piece)):
                yield piece[: size - start]
                self.most_temporary = max(self.most_temporary, temporary())
            yield TAIL

        headers = {**self.headers, "Content-Type": "multipart/form-data; boundary=edge"}
        if declared:
            headers["Content-Length"] = str(len(HEAD) + size + len(TAIL))
        return await self.http.put(url, content=body(), headers=headers)


async def opened(stack: AsyncExitStack, http: httpx.AsyncClient, cookie: str) -> Tab:
    """A tab of this session, its script run once."""
    jar = f"__Host-gate={cookie}"
    answer = await http.get("/_stcore/health", headers={"Host": PUBLIC, "Cookie": jar})
    token = answer.headers["set-cookie"].partition("_streamlit_xsrf=")[2].partition(";")[0]
    jar += f"; _streamlit_xsrf={token}"
    http.cookies.clear()
    websocket = connect(
        f"ws://{PUBLIC}/_stcore/stream",
        host="127.0.0.1",
        port=8501,
        origin=ORIGIN,  # type: ignore[arg-type]
        subprotocols=["streamlit", token],  # type: ignore[list-item]
        additional_headers={"Cookie": jar},
        max_size=None,
    )
    headers = {"Host": PUBLIC, "Origin": ORIGIN, "Cookie": jar, "X-Xsrftoken": token}
    tab = Tab(http, await stack.enter_async_context(websocket), headers)
    await tab.run()
    return tab


async def one(tab: Tab, size: int) -> dict[str, object]:
    """A large file, through all of its life."""
    before = memory()
    place = await tab.place()
    status = (await tab.put(place.upload_url, size)).status_code
    figures: dict[str, object] = {"status": status, "before": before, "held": memory()}
    figures["shown"] = await tab.run(file_id=place.file_id)
    figures["peak"] = memory("VmHWM") - temporary() + tab.most_temporary
    figures["used"] = memory()
    await tab.run("gone=1")
    figures["vanished"] = await falls_to(before + size // 4)
    await tab.run()
    place = await tab.place()
    figures["undeclared"] = (await tab.put(place.upload_url, size, declared=False)).status_code
    figures["again"] = memory()
    # No room for a second one, until the first is removed.
    other = await tab.place()
    refused = {"status": 0, "text": "", "error": other} if isinstance(other, str) else None
    if refused is None:
        answer = await tab.put(other.upload_url, size)
        refused = {"status": answer.status_code, "text": answer.text}
    figures["second"] = refused
    deleted = await tab.http.delete(place.delete_url, headers=tab.headers)
    figures["deleted"] = [deleted.status_code, await falls_to(before + size // 4)]
    over = await tab.put(place.upload_url, settings().max_upload_mb * MEBIBYTE + 1)
    figures["over"] = [over.status_code, over.text]
    return figures


async def many(tabs: list[Tab], size: int) -> dict[str, object]:
    """A file from each at the same time."""
    before = memory()

    async def upload(tab: Tab) -> str:
        place = await tab.place()
        if isinstance(place, str):
            return f"told: {place}"
        answer = await tab.put(place.upload_url, size)
        return f"{answer.status_code}: {answer.text}"

    answers = Counter(await asyncio.gather(*(upload(tab) for tab in tabs)))
    alive = sum(text == "size: None" for text in await asyncio.gather(*(tab.run() for tab in tabs)))
    return {"before": before, "held": memory(), "peak": memory("VmHWM"), "answers": answers, "alive": alive}


async def main(work: Callable[[list[Tab]], Awaitable[dict[str, object]]], count: int) -> None:
    limits = httpx.Limits(max_connections=None)
    async with (
        httpx.AsyncClient(base_url="http://127.0.0.1:8501", timeout=300, limits=limits) as http,
        AsyncExitStack() as stack,
    ):
        tabs = [await opened(stack, http, cookie) for cookie in await signed_in(count)]
        print(json.dumps(await work(tabs)))


kind, *numbers = sys.argv[1:]
if kind == "one":
    asyncio.run(main(lambda tabs: one(tabs[0], int(numbers[0]) * MEBIBYTE), 1))
else:
    asyncio.run(main(lambda tabs: many(tabs, int(numbers[1]) * MEBIBYTE), int(numbers[0])))
