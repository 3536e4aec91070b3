"""Code that keeps the interpreter's lock ends the process, which says where it was."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import gatehouse

_PROGRAM = """
import asyncio, re, threading, time
from gatehouse.gate import watchdog

watchdog.SECONDS = 1.0
def script():
    {work}
async def main():
    await watchdog.feed()
    threading.Thread(target=script, daemon=True).start()
    for _ in range(8):
        await asyncio.sleep(0.25)
        await watchdog.feed()
    watchdog.off()
    await asyncio.sleep(1.5)
asyncio.run(main())
"""


def program(work: str) -> subprocess.CompletedProcess[str]:
    folder = str(Path(gatehouse.__file__).parents[1])
    command = [sys.executable, "-c", _PROGRAM.format(work=work)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, env={"PYTHONPATH": folder})


def test_it_ends_and_says_where_it_was() -> None:
    ended = program("re.match(r'(a+)+$', 'a' * 60 + 'b')")
    assert ended.returncode == 1
    assert "in script" in ended.stderr


def test_an_endless_loop_of_pythons_is_left_alone() -> None:
    ended = program("while True: pass")
    assert (ended.returncode, ended.stderr) == (0, "")
