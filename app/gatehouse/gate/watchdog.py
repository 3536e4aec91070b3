"""Ends a process that answers nobody any more, so that the engine starts a fresh one.

Code outside Python that keeps the interpreter's lock (a regular expression that never ends, a library's loop in C)
stops every thread, this package's too. So it is a thread of C's that waits: it prints where each thread is, files and
lines without any value, and ends the process.
"""

from __future__ import annotations

import faulthandler

SECONDS = 60.0
"""Nobody was answered for so long. A collection or a large JSON document takes seconds."""


async def feed() -> None:
    """Say that events are handled: the time begins anew. For upkeep, which awaits its duties."""
    faulthandler.dump_traceback_later(SECONDS, exit=True)


def off() -> None:
    """Stop waiting."""
    faulthandler.cancel_dump_traceback_later()
