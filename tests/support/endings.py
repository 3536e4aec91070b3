"""Sessions that end at one place of a cluster, and the tabs at another."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from support.cluster import Cluster, Node
from support.cluster_people import marked
from support.person import Person
from support.tab import Tab, tab

End = Callable[[Person, str], None]
"""Ends the session of a person, which has this id."""


def by_operator(cluster: Cluster, checkout: Path) -> End:
    """By the word that is for it."""

    def end(_: Person, session: str) -> None:
        said = cluster.make(checkout, "sessions", f"DO=end {session}").stdout
        assert f"session {session}: ended" in said

    return end


def at_replica(node: Node, container: str) -> End:
    """By an operator inside one of the app's containers."""

    def end(_: Person, session: str) -> None:
        node.docker("exec", container, "python", "-m", "gatehouse.gate.sessions", "end", session)

    return end


def until_told(cluster: Cluster, person: Person, end: End, *replicas: str) -> list[float]:
    """Open a tab at each replica and end the session; so many seconds after that each tab was sent away."""
    assert person.cookie
    which = cluster.sql(f"select id from gate.session where cookie_hash = sha256('{person.cookie}')")  # noqa: S608
    with ExitStack() as stack, ThreadPoolExecutor(len(replicas)) as threads:
        tabs = [stack.enter_context(tab(person, **marked(person, replica))) for replica in replicas]
        for opened in tabs:
            opened.run()
        tasks = [threads.submit(_sent_away, opened) for opened in tabs]
        end(person, which)
        told = [task.result(180) for task in tasks]
    ended_at = float(cluster.sql(f"select extract(epoch from ended_at) from gate.session where id = '{which}'"))  # noqa: S608
    assert not person.is_in()
    assert all("/auth/signed-out" in (place or "") for place, _ in told), told
    return [moment - ended_at for _, moment in told]


def _sent_away(opened: Tab) -> tuple[str | None, float]:
    """Wait until a tab is closed: where it was sent, and when."""
    return opened.farewell(180), time.time()
