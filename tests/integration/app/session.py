"""Be one browser tab, inside the app's container: run the script once, print what it shows, and stay if asked to.

Usage: python - <query> <seconds to stay> <bytes of cookie>. Reads Streamlit's own messages (streamlit.proto).
"""

# ruff: noqa: T201 (what it prints is its answer)
from __future__ import annotations

import asyncio
import sys

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

PUBLIC = "app.localhost:8443"


async def main(query: str, stay: float, cookie: int) -> None:
    headers = {"Cookie": f"padding={'x' * cookie}"}
    websocket = await connect(
        f"ws://{PUBLIC}/_stcore/stream",
        host="127.0.0.1",
        port=8501,
        origin=f"https://{PUBLIC}",  # type: ignore[arg-type]
        subprotocols=["streamlit"],  # type: ignore[list-item]
        additional_headers=headers,
        max_size=None,
    )
    hello = BackMsg()
    hello.rerun_script.query_string = query
    await websocket.send(hello.SerializeToString())
    try:
        while True:
            message = ForwardMsg()
            message.ParseFromString(await asyncio.wait_for(websocket.recv(decode=False), stay or 30))
            if message.WhichOneof("type") == "delta":
                element = message.delta.new_element
                print(getattr(element, element.WhichOneof("type") or "", ""), flush=True)
            elif message.WhichOneof("type") == "script_finished":
                print("script finished", flush=True)
                if not stay:
                    return
    except TimeoutError:
        return
    except ConnectionClosed as closed:
        print("closed", closed.rcvd.code if closed.rcvd else None, flush=True)


asyncio.run(main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3])))
