"""What people with open tabs lose while a stack changes under them: nothing, or it is counted here."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from support.http import tls_context
from support.person import Person
from support.slow_upload import SlowUpload
from support.visitors import OpenTab, Visitor
from support.waiting import until


@dataclass
class Visits:
    """Tabs that rerun, and uploads that outlast the version they began under. `run` is for a thread of its own."""

    visitors: list[Visitor]
    uploads: list[SlowUpload]
    every: float
    """Seconds between two reruns of a tab."""
    failed: list[str] = field(default_factory=list)
    requests: int = 0
    reruns: int = 0
    moved: int = 0
    settled: int = 0
    """So many have rerun after they were moved."""
    uploaded: int = 0
    """So many files were read by the tab that they were meant for."""
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Stay until `over`."""
        asyncio.run(self._all())

    async def _all(self) -> None:
        async with asyncio.TaskGroup() as group:
            for number, visitor in enumerate(self.visitors):
                group.create_task(self._stay(visitor, self.every * number / len(self.visitors)))
            uploads = [group.create_task(self._upload(upload)) for upload in self.uploads]
            await asyncio.to_thread(self.over.wait)
            for upload in uploads:
                upload.cancel()

    async def _upload(self, upload: SlowUpload) -> None:
        if await self._try(upload.run(), "upload"):
            self.uploaded += 1

    async def _stay(self, visitor: Visitor, pause: float) -> None:
        """Keep a tab open; when it is moved, load the page again, as a browser does."""
        await asyncio.sleep(pause)
        while not self.over.is_set():
            if not await self._try(self._visit(visitor), "tab"):
                await asyncio.sleep(1)

    async def _try(self, what: Coroutine[Any, Any, None], name: str) -> bool:
        try:
            await what
        except Exception as fault:  # noqa: BLE001 - counted
            self.failed.append(f"{name}: {fault!r}")
            return False
        return True

    async def _visit(self, visitor: Visitor) -> None:
        """One tab, until it is sent elsewhere, which is then followed."""
        came = visitor.loaded
        async with visitor.tab() as opened:
            while not self.over.is_set():
                await opened.rerun()
                ended = await opened.until("auth_redirect", "script_finished")
                if place := ended.auth_redirect.url:
                    break
                self.reruns += 1
                self.settled += came
                came = False
                self._count(await visitor.fetch("/_stcore/host-config"))
                if place := await self._sent_while_resting(opened):
                    break
            else:
                return
            self.moved += 1
            self._count(await visitor.load(place))

    async def _sent_while_resting(self, opened: OpenTab) -> str:
        with suppress(TimeoutError):
            async with asyncio.timeout(self.every):
                message = await opened.until("auth_redirect")
                return str(message.auth_redirect.url)
        return ""

    def _count(self, answer: httpx.Response) -> None:
        self.requests += 1
        if answer.status_code != httpx.codes.OK:
            self.failed.append(f"{answer.request.url.raw_path.decode()}: {answer.status_code} {answer.text[:200]}")


@contextmanager
def staying(people: list[Person], uploaders: list[Person], every: float) -> Iterator[Visits]:
    """Have people rerun their tabs every so many seconds meanwhile, and others upload; `failed` has what went wrong."""
    tls = tls_context(people[0].stack.ca)
    uploads = [SlowUpload(Visitor(person, tls), 4000 + number) for number, person in enumerate(uploaders)]
    visits = Visits([Visitor(person, tls) for person in people], uploads, every)
    with ThreadPoolExecutor(1) as thread:
        task = thread.submit(visits.run)
        try:
            until(lambda: task.done() or visits.reruns >= len(people), 300)
            until(lambda: task.done() or all(upload.under_way for upload in uploads), 120)
            yield visits
        finally:
            visits.over.set()
            task.result(180)
