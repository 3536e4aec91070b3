"""What others notice of an attack: next to nothing."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from integration.nginx.front import Front, in_network

_ATTACK = (Path(__file__).parent / "attack.py").read_text(encoding="utf-8")

# So many, for so many seconds: all kinds at once, or each by itself.
SHORT = {
    "slowloris": (40, 12),
    "slow_body": (40, 8),
    "slow_read": (40, 8),
    "handshake": (60, 8),
    "upload": (12, 8),
    "endless": (6, 8),
}
LONG = {
    "slowloris": (300, 40),
    "slow_body": (300, 60),
    "slow_read": (300, 60),
    "handshake": (2000, 60),
    "upload": (500, 60),
    "endless": (300, 60),
}


def answered(front: Front, goes_on: Callable[[], bool]) -> list[float]:
    """Have an honest user ask for pages and files in turn; returns the seconds that each took, or infinity."""
    times: list[float] = []
    # Four of them at one address begin some 190 sign-ins a minute: more than LIMIT_SIGN_IN would be refused for that.
    paths = ["/", "/page", "/static/gone.js"] * 4 + ["/auth/login"]
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


def withstood(front: Front, attacks: Mapping[str, tuple[int, int]]) -> dict[str, dict[str, int]]:
    """Mount these at once; an attack's connections, by how they ended."""
    alive = "cat /proc/[0-9]*/stat | grep '(nginx)' | cut -d' ' -f1"
    workers = front.run("sh", "-c", alive)
    with ThreadPoolExecutor(len(attacks) + 4) as pool:
        running = {kind: pool.submit(mount, front, kind, *size) for kind, size in attacks.items()}
        honest = [
            pool.submit(answered, front, lambda: not all(attack.done() for attack in running.values()))
            for _ in range(4)
        ]
        ends = {kind: attack.result() for kind, attack in running.items()}
        times = sorted(took for one in honest for took in one.result())
    in_time = sum(took < 1 for took in times) / len(times)
    print(  # noqa: T201 - figures for docs/security.md
        f"{ends}: {len(times)} honest requests, {in_time:.2%} within 1 s, "
        f"99 %: {times[int(len(times) * 0.99) - 1]:.3f} s; nginx had {peak_mib(front)} MiB at most"
    )
    assert len(times) > 20
    assert in_time >= 0.99
    assert front.run("sh", "-c", alive) == workers, "nginx died"
    return ends


def test_short_attacks_at_once(served: Front) -> None:
    ends = withstood(served, SHORT)
    assert ends["slowloris"] == {"cut off": SHORT["slowloris"][0]}


@pytest.mark.drill
@pytest.mark.parametrize("kind", LONG)
def test_long_attack(served: Front, kind: str) -> None:
    withstood(served, {kind: LONG[kind]})
