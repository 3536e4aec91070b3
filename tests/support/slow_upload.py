"""A file that is on its way until its tab hears of a new version, and is then read by that tab (app/desk's Import)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from support.visitors import OpenTab, Visitor

_PAGE = "imports"
_EDGE = "gatehouse-test-edge"
_ROW = b"Mechanical keyboard,139.00,The old one has keys that stick\n"
_ON_ITS_WAY = 3  # rows
_LONGEST = 1200.0  # seconds
_AFTERWARDS = 3.0  # seconds that it goes on after the switch


class SlowUpload:
    """One file of `rows` requests, by which its tab shows that it has read this one."""

    def __init__(self, visitor: Visitor, rows: int) -> None:
        self._visitor, self._rows = visitor, rows
        self._sent = 0
        self._told = asyncio.Event()

    @property
    def under_way(self) -> bool:
        """Whether it has begun."""
        return self._sent > _ON_ITS_WAY

    async def run(self) -> None:
        """Send it to its end. Raises AssertionError if it is not taken, or the tab does not have it."""
        async with self._visitor.tab() as opened:
            seen: list[ForwardMsg] = []
            await opened.rerun(_PAGE)
            await opened.until("script_finished", seen=seen)
            widgets = [one.delta.new_element.file_uploader.id for one in seen if one.WhichOneof("type") == "delta"]
            place = await self._place(opened, seen)
            listening = asyncio.create_task(self._listen(opened))
            try:
                answer = await self._put(place)
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)
            assert answer.status_code == httpx.codes.NO_CONTENT, f"{answer.status_code}: {answer.text}"
            assert self._told.is_set(), "it was over before there was a new version"
            await self._read(opened, next(filter(None, widgets)), place)

    @staticmethod
    async def _place(opened: OpenTab, seen: list[ForwardMsg]) -> FileURLs:
        """Ask where the file may go, as the page does."""
        sessions = [one.new_session for one in seen if one.WhichOneof("type") == "new_session"]
        message = BackMsg()
        message.file_urls_request.request_id = "1"
        message.file_urls_request.session_id = sessions[-1].initialize.session_id
        message.file_urls_request.file_names.append("requests.csv")
        await opened.send(message)
        answer = (await opened.until("file_urls_response")).file_urls_response
        assert answer.file_urls, answer.error_msg
        place: FileURLs = answer.file_urls[0]
        return place

    async def _listen(self, opened: OpenTab) -> None:
        """Wait for the line that tells of a new version."""
        while not (await opened.next()).delta.new_element.HasField("toast"):
            pass
        self._told.set()

    async def _put(self, place: FileURLs) -> httpx.Response:
        head = f'--{_EDGE}\r\nContent-Disposition: form-data; name="file"; filename="requests.csv"\r\n'.encode()
        head += b"Content-Type: text/csv\r\n\r\nitem,amount,reason\n"
        tail = f"\r\n--{_EDGE}--\r\n".encode()
        size = len(head) + len(_ROW) * self._rows + len(tail)
        async with asyncio.timeout(_LONGEST):
            kind = {"Content-Type": f"multipart/form-data; boundary={_EDGE}", "Content-Length": str(size)}
            return await self._visitor.fetch(place.upload_url, "PUT", kind, self._pieces(head, tail))

    async def _pieces(self, head: bytes, tail: bytes) -> AsyncIterator[bytes]:
        """A row each second until there is a new version and a little longer, then what is left."""
        yield head
        afterwards = _AFTERWARDS
        while afterwards > 0:
            yield _ROW
            self._sent += 1
            await asyncio.sleep(1)
            afterwards -= self._told.is_set()
        yield _ROW * (self._rows - self._sent)
        yield tail

    async def _read(self, opened: OpenTab, widget: str, place: FileURLs) -> None:
        """Have the script run with the file, and see what it makes of it."""

        def choose(message: BackMsg) -> None:
            state = message.rerun_script.widget_states.widgets.add(id=widget).file_uploader_state_value
            file = state.uploaded_file_info.add(name="requests.csv", size=len(_ROW) * self._rows)
            file.file_id = place.file_id
            file.file_urls.CopyFrom(place)

        seen: list[ForwardMsg] = []
        await opened.rerun(_PAGE, choose)
        await opened.until("script_finished", seen=seen)
        figures = [one.delta.new_element.metric.body for one in seen if one.WhichOneof("type") == "delta"]
        assert f"{self._rows:,}" in figures, figures
