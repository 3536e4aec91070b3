"""One id of a request through the logs of nginx, the app and Postgres."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from threading import Thread
from typing import Any

from support.person import Person
from support.stack import Stack
from support.tab import tab
from support.waiting import until

LOCKED = "BEGIN; LOCK TABLE app.purchase_request IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(3)"


def entries(stack: Stack, service: str) -> Iterator[dict[str, Any]]:
    for line in stack.logs(service).splitlines():
        if line.startswith("{"):
            yield json.loads(line)


def test_a_query_that_waits_is_found_by_the_id_of_its_tab(stack: Stack) -> None:
    person = Person(stack)
    person.sign_in("sam")
    with tab(person) as opened:
        opened.run()
        # Postgres writes down who waits for a lock for longer than a second.
        lock = Thread(target=stack.sql, args=(LOCKED,))
        lock.start()
        until(lambda: stack.sql("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock'") != "0", 10)
        opened.run()
        lock.join()
    person.close()
    waited = re.findall(r"app=app ([0-9a-f]{32}) .*still waiting for AccessShareLock", stack.logs("postgres"))
    assert waited
    (found,) = set(waited)
    assert any(entry.get("request_id") == found for entry in entries(stack, "app"))
    until(lambda: found in stack.logs("nginx"), 10)  # a websocket is written down when it ends
    (opening,) = [entry for entry in entries(stack, "nginx") if entry["request_id"] == found]
    assert (opening["path"], opening["status"]) == ("/_stcore/stream", "101")
