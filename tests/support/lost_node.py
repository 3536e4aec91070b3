"""A machine of a cluster that is gone without a word, and the tabs that were open there."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from support.cluster import Node
from support.cluster_people import marked
from support.person import Person
from support.tab import tab


def until_elsewhere(lost: Node, mark: str, people: Sequence[Person]) -> list[float]:
    """Pull a node's cable: so many seconds later each one's tab at its replica `mark` was open at another.

    Every other person's tab asks something of the app just then; the others rest.
    """
    gone = threading.Event()
    ready = threading.Barrier(len(people) + 1)

    def stay(person: Person, *, asks: bool) -> float:
        with tab(person, **marked(person, mark)) as opened:
            opened.run()
            ready.wait(60)
            gone.wait(60)
            if asks:
                opened.rerun()
            while opened.next(60) is not None:
                pass
        with tab(person) as opened:  # as the page does by itself
            opened.run()
        return time.monotonic()

    with ThreadPoolExecutor(len(people)) as threads:
        tasks = [threads.submit(stay, person, asks=number % 2 == 1) for number, person in enumerate(people)]
        ready.wait(60)
        pulled = time.monotonic()
        lost.unplug()
        gone.set()
        try:
            return [task.result(120) - pulled for task in tasks]
        finally:
            lost.plug()
