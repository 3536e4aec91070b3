"""Be one browser tab, inside the app's container: run the script once, print what it shows, and stay if asked to.

Usage: python - <query> <seconds to stay> <bytes of cookie>. Reads Streamlit's own messages (streamlit.proto).
There is no provider here: the session is made as the gate makes it at the end of a sign-in.
"""

# ruff: noqa: T201 (what it prints is its answer)
from __future__ import annotations

import asyncio
import http.client
import secrets
import sys
from datetime import UTC, datetime, timedelta

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from gatehouse.gate.crypt import keys
from gatehouse.gate.database import open_pool
from gatehouse.gate.session import Limits, NewSession, Tokens
from gatehouse.gate.store import Store
from gatehouse.settings import settings

ORIGIN = settings().app_url
PUBLIC = ORIGIN.removeprefix("https://")
HOUR = timedelta(hours=1)


async def signed_in() -> str:
    """The cookie of a new session."""
    pool = await open_pool()
    try:
        store = Store(pool, keys(), Limits(HOUR, HOUR, HOUR, HOUR))
        claims = {"iss": "https://id.example", "sub": "sam", "name": "Sam"}
        tokens = Tokens(None, None, None)
        new = NewSession("default", "https://id.example", "sam", None, datetime.now(UTC), claims, tokens)
        return (await store.begin(new, attempt=secrets.token_hex(), replaces=None))[1]
    finally:
        await pool.close()


def xsrf_token(session: str) -> str:
    """What Streamlit gives a signed-in page to send with its websocket."""
    connection = http.client.HTTPConnection("127.0.0.1", 8501)
    connection.request("GET", "/_stcore/health", headers={"Host": PUBLIC, "Cookie": f"__Host-gate={session}"})
    cookies = connection.getresponse().headers.get_all("Set-Cookie") or []
    return next(text for text in cookies if text.startswith("_streamlit_xsrf=")).partition(";")[0].partition("=")[2]


async def main(query: str, stay: float, cookie: int) -> None:
    session = await signed_in()
    token = xsrf_token(session)
    headers = {"Cookie": f"__Host-gate={session}; _streamlit_xsrf={token}; padding={'x' * cookie}"}
    websocket = await connect(
        f"ws://{PUBLIC}/_stcore/stream",
        host="127.0.0.1",
        port=8501,
        origin=ORIGIN,  # type: ignore[arg-type]
        subprotocols=["streamlit", token],  # type: ignore[list-item]
        additional_headers=headers,
        max_size=None,
        proxy=None,
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
