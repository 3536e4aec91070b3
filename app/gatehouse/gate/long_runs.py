"""Runs of scripts that last: the log names them, and with RUN_LIMIT they are stopped.

A script's thread can't be killed. It can be asked to stop, which Streamlit does the next time the script calls it. One
that never does, an endless loop, takes its share of the processor from the others and nothing more: Python has them
take turns every 5 ms. A loop that sleeps and shows something, as a page for a wall does, is a long run too, and a good
one.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from streamlit import runtime
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext
from streamlit.runtime.scriptrunner_utils.script_run_context_attr import SCRIPT_RUN_CONTEXT_ATTR_NAME

TELL_SECONDS = 600.0
"""After so long a run is told in the log, once."""

STOP_SECONDS = 30.0
"""So long one that was asked to stop has for it."""

_THREAD = "ScriptRunner.scriptThread"
_TICKS = os.sysconf("SC_CLK_TCK")
_log = logging.getLogger(__name__)


@dataclass
class _Run:
    began: float
    told: bool = False
    asked: float | None = None


class LongRuns:
    """Call `judge` every few seconds."""

    def __init__(
        self,
        limit: timedelta | None,
        threads: Callable[[], Iterable[threading.Thread]] = threading.enumerate,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Args: limit: after which a run is stopped, if there is one."""
        self._limit = limit.total_seconds() if limit else None
        self._threads, self._clock = threads, clock
        self._runs: WeakKeyDictionary[threading.Thread, _Run] = WeakKeyDictionary()

    def judge(self) -> str | None:
        """Tell of long runs, ask those over the limit to stop, and return one that does not, in words."""
        now, stuck = self._clock(), None
        for thread, context in self._scripts():
            run = self._runs.setdefault(thread, _Run(now))
            lasted = now - run.began
            words = f"page {_page(context)} has run for {lasted:.0f} s, {_cpu(thread):.0f} s of them on the processor"
            if lasted >= TELL_SECONDS and not run.told:
                run.told = True
                _log.warning("a long run: %s", words, extra={"stream": context.session_id})
            if self._limit is None or lasted < self._limit:
                continue
            if run.asked is None:
                run.asked = now
                _log.warning("a run over RUN_LIMIT is stopped: %s", words, extra={"stream": context.session_id})
                _ask_to_stop(context.session_id)
            elif now - run.asked >= STOP_SECONDS:
                stuck = words
        return stuck

    def _scripts(self) -> Iterator[tuple[threading.Thread, ScriptRunContext]]:
        for thread in self._threads():
            context = getattr(thread, SCRIPT_RUN_CONTEXT_ATTR_NAME, None)
            if thread.name == _THREAD and thread.is_alive() and context is not None:
                yield thread, context


def _ask_to_stop(stream: str) -> None:
    session = runtime.get_instance().get_app_session(stream) if runtime.exists() else None
    # Without one its tab has gone, and Streamlit has asked already.
    if session is not None:
        session.request_script_stop()


def _page(context: ScriptRunContext) -> str:
    """Where in the app, without the query, which may be private."""
    url = context.context_info.url if context.context_info else ""
    return urlsplit(url).path or "/"


def _cpu(thread: threading.Thread) -> float:
    """Seconds of processor time that a thread has used (proc_pid_stat(5), fields 14 and 15)."""
    try:
        fields = Path(f"/proc/self/task/{thread.native_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS
