"""What others notice of an attack: next to nothing."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from integration.nginx.front import Front, in_network

_ATTACK = (Path(__file__).parent / "attack.py").read_text(encoding="utf-8")

SHORT = {"slowloris": (60, 12), "slow_body": (60, 4), "slow_read": (60, 4), "handshake": (200, 4), "upload": (50, 4)}
LONG = {
    "slowloris": (300, 40),
    "slow_body": (300, 60),
    "slow_read": (300, 60),
    "handshake": (2000, 60),
    "upload": (500, 60),
}
SHORT["endless"], LONG["endless"] = (20, 4), (300, 60)


def answered(front: Front, goes_on: Callable[[], bool]) -> list[float]:
    """Have an honest user ask for pages and files in turn; returns the seconds that each took, or infinity."""
    times: list[float] = []
    paths = ["/", "/page", "/auth/login", "/static/gone.js"]
    while goes_on():
        began = time.monotonic()
        took = float("inf")
        with contextlib.suppress(httpx.HTTPError):
            if front.get(front.app_url + paths[len(times) % len(paths)]).status_code in {200, 404}:
                took = time.monotonic() - began
        times.append(took)
        time.sleep(0.1)
    return times


def peak_mib(front: Front) -> int:
    """The most memory that nginx's container has had, in MiB."""
    said = front.run(
        "sh", "-c", "cat /sys/fs/cgroup/memory.peak /sys/fs/cgroup/memory/memory.max_usage_in_bytes 2>/dev/null"
    )
    return int(said.split()[0]) >> 20


def mount(front: Front, kind: str, count: int, seconds: int) -> dict[str, int]:
    """Attack from an address of its own."""
    command = ["python", "-c", _ATTACK, kind, "app.localhost", str(front.port), str(count), str(seconds)]
    ends: dict[str, int] = json.loads(in_network(front, front.network.name, *command))
    return ends


def withstood(front: Front, kind: str, count: int, seconds: int) -> dict[str, int]:
    workers = front.run("sh", "-c", "cat /proc/[0-9]*/stat | grep '(nginx)' | cut -d' ' -f1")
    with ThreadPoolExecutor(5) as pool:
        attack: Future[dict[str, int]] = pool.submit(mount, front, kind, count, seconds)
        honest = [pool.submit(answered, front, lambda: not attack.done()) for _ in range(4)]
        ends = attack.result()
        times = sorted(took for one in honest for took in one.result())
    in_time = sum(took < 1 for took in times) / len(times)
    print(  # noqa: T201 - figures for docs/security.md
        f"{kind} x {count}: {ends}; {len(times)} honest requests, {in_time:.2%} within 1 s, "
        f"99 %: {times[int(len(times) * 0.99) - 1]:.3f} s; nginx had {peak_mib(front)} MiB at most"
    )
    assert len(times) > 20
    assert in_time >= 0.99
    assert front.run("sh", "-c", "cat /proc/[0-9]*/stat | grep '(nginx)' | cut -d' ' -f1") == workers, "nginx died"
    return ends


@pytest.mark.parametrize("kind", SHORT)
def test_short_attack(served: Front, kind: str) -> None:
    count, seconds = SHORT[kind]
    ends = withstood(served, kind, count, seconds)
    if kind == "slowloris":
        assert ends == {"cut off": count}


@pytest.mark.drill
@pytest.mark.parametrize("kind", LONG)
def test_long_attack(served: Front, kind: str) -> None:
    count, seconds = LONG[kind]
    withstood(served, kind, count, seconds)
