"""What the tests look into the running app with. `?show=` says what; `?user=` whose."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from pathlib import Path

import streamlit as st

from gatehouse.container import memory


@st.cache_resource
def leaked() -> list[bytes]:
    return []


show = st.query_params.get("show", "")
user = st.user.get("email", "nobody")

st.write(f"Hello {user}")
if show == "claims":
    st.json(st.user.to_dict())
elif show == "export":
    # As long as everybody else's, and different in the middle alone.
    body = b"x" * 1_000_000 + str(user).ljust(64).encode() + b"x" * 1_000_000
    st.download_button("Export", body, file_name="export.bin")
elif show == "deferred":
    st.download_button("Later", f"made for {user}".encode, file_name="later.txt")
elif show == "upload":
    file = st.file_uploader("File")
    st.write(f"Got {file.name if file else 'nothing'}")
elif show == "busy":
    for second in range(int(st.query_params["seconds"])):
        st.write(second)
        time.sleep(1)
elif show == "loop":
    while True:
        pass
elif show == "leak":
    # Until so much of the container's memory is taken.
    while memory().percent < float(st.query_params["percent"]):
        leaked().append(b"x" * 8_000_000)
elif show == "process":
    # Scripts run in a thread of the server's process, so all of its objects can be counted from here.
    gc.collect()
    tasks = sum(isinstance(thing, asyncio.Task) and not thing.done() for thing in gc.get_objects())
    files = len(list(Path("/proc/self/fd").iterdir()))
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    st.write(f"tasks={tasks} files={files} resident={resident}")
