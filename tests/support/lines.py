"""The output of a program that goes on running, line by line."""

from __future__ import annotations

import time
from queue import Empty, Queue
from threading import Thread
from typing import IO


class Lines:
    """What comes from `output`, as it comes."""

    def __init__(self, output: IO[str]) -> None:
        """Args: output: of a process; read until it ends."""
        self._new: Queue[str] = Queue()
        Thread(target=self._follow, args=(output,), daemon=True).start()

    def _follow(self, output: IO[str]) -> None:
        for line in output:
            self._new.put(line)

    def seen(self, word: str, within: float) -> str | None:
        """The next line that has `word`, or None if none came in so many seconds; those before it are passed over."""
        end = time.monotonic() + within
        while (left := end - time.monotonic()) > 0:
            try:
                line = self._new.get(timeout=left)
            except Empty:
                break
            if word in line:
                return line
        return None
