"""Configuration that changes while nginx runs: open websockets stay, and what nginx does not take changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from websockets.sync.client import ClientConnection

from integration.nginx.front import Front, upstream
from support.waiting import until

CONFIGURATION = "/run/gatehouse/nginx/limits.conf"


@contextmanager
def live_websocket(front: Front) -> Iterator[ClientConnection]:
    with front.websocket() as websocket:
        websocket.recv(5)
        yield websocket


def lives(websocket: ClientConnection) -> bool:
    websocket.send("still here")
    return websocket.recv(5) == "still here"


def reloads(front: Front) -> int:
    """So many generations of workers are there."""
    return front.run("sh", "-c", "cat /proc/[0-9]*/cmdline").count("worker process is shutting down")


def test_websocket_outlives_reloads_and_changed_limits(lonely: Front) -> None:
    with upstream(lonely, "app", 8501), live_websocket(lonely) as websocket:
        assert "emerg" not in lonely.run("nginx", "-s", "reload")
        until(lambda: reloads(lonely) > 0, 10)
        assert lives(websocket)
        assert lonely.get(f"{lonely.app_url}/").status_code == 200
        told = lonely.adjust("LIMIT_SIGN_IN=1", "SLOW_HEADER=5s")
        assert told.startswith("nginx limits with LIMIT_SIGN_IN=1 SLOW_HEADER=5s from now on; write it into .env")
        # An earlier change is not lost by a later one.
        lonely.adjust("LIMIT_TOKEN=7")
        answers = [lonely.get(f"{lonely.app_url}/auth/login").status_code for _ in range(4)]
        assert answers[-1] == 429
        assert lives(websocket)


def test_bad_configuration_is_refused_and_the_old_one_stays(lonely: Front) -> None:
    with upstream(lonely, "app", 8501), live_websocket(lonely) as websocket:
        lonely.run("sh", "-c", f"echo 'limit_rate nonsense;' >> {CONFIGURATION}")
        told = lonely.run("nginx", "-s", "reload")
        assert '"limit_rate" directive invalid value' in told
        assert lives(websocket)
        assert lonely.get(f"{lonely.app_url}/").status_code == 200
        # A certificate is not taken together with it either, and that is said.
        before = lonely.logs()[1]
        lonely.secrets.issue()
        until(lambda: "stays in use until this is mended" in lonely.logs()[1].removeprefix(before), 30)
        assert lonely.get(f"{lonely.app_url}/").status_code == 200
        assert reloads(lonely) == 0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("LIMIT_SIGN_IN=many", "Error: LIMIT_SIGN_IN=many: not a number a minute; use a whole number from 1 to"),
        ("LIMIT_SIGN_IN=0", "Error: LIMIT_SIGN_IN=0: not a number a minute"),
        ("SLOW_BODY=5; worker_processes 9", "Error: SLOW_BODY=5; worker_processes 9: not a duration"),
        ("DOMAIN=example.org", "Error: DOMAIN=example.org: no limit; write it like LIMIT_SIGN_IN=60; these can"),
        ("nonsense", "Error: nonsense: no limit"),
    ],
)
def test_bad_change_is_refused(served: Front, given: str, words: str) -> None:
    before = served.run("cat", CONFIGURATION)
    assert served.adjust(given).startswith(words)
    assert served.run("cat", CONFIGURATION) == before
