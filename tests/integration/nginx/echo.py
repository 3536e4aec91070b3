"""An upstream that tells what reached it. Runs inside a container of the app's image, which has uvicorn."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn

Message = MutableMapping[str, Any]


async def echo(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Answer with the request as JSON, with extra headers for some paths; send a websocket's texts back."""
    seen = {
        "host_name": socket.gethostname(),
        "method": scope.get("method"),
        "path": scope["raw_path"].decode(),
        "query": scope["query_string"].decode(),
        "headers": [[name.decode(), value.decode()] for name, value in scope["headers"]],
    }
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": json.dumps(seen)})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
        return
    # One line for each request that the server saw, however it was told apart from its neighbours.
    print("SEEN", json.dumps(seen), flush=True)  # noqa: T201
    length = 0
    while True:
        message = await receive()
        length += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    headers = {
        "large": [(b"set-cookie", b"part-%d=%s; Path=/" % (number, b"x" * 4000)) for number in range(5)],
        "careless": [(b"access-control-allow-origin", b"*"), (b"strict-transport-security", b"max-age=1")],
        "policy": [(b"content-security-policy", b"object-src 'none'"), (b"x-frame-options", b"SAMEORIGIN")],
        "busy": [(b"retry-after", b"77")],
    }.get(scope["path"].rpartition("/")[2], [])
    status = 503 if scope["path"].endswith("/busy") else 200
    await send(
        {"type": "http.response.start", "status": status, "headers": [*headers, (b"content-type", b"text/html")]}
    )
    filler = "x" * (1 << 20) if scope["path"] == "/big" else ""
    answer = json.dumps(seen | {"length": length, "filler": filler})
    await send({"type": "http.response.body", "body": answer.encode()})


if __name__ == "__main__":
    host = "0.0.0.0"
    # As app/gatehouse/serve.py has it.
    uvicorn.run(
        echo,
        host=host,
        port=int(sys.argv[1]),
        lifespan="off",
        http="httptools",
        ws="websockets-sansio",
        access_log=False,
    )
