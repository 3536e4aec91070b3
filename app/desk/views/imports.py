"""Import: many requests at once from a CSV file; all of them are filed, or none."""

from __future__ import annotations

from uuid import uuid4

import streamlit as st

import filing
import looks
import people
import purchases
from gatehouse import uploads

EXAMPLE = "item,amount,reason\nMechanical keyboard,139.00,The old one has keys that stick\n"
SHOWN = 100

viewer = people.viewer()


def begin() -> None:
    """Another file is another import: its requests are new, whatever is in it."""
    st.session_state["import_key"] = uuid4()


st.title("Import", anchor=False)
if not viewer.department:
    st.info("You belong to no department yet, so you cannot file. Ask the person who looks after accounts.")
    st.stop()

st.write("A CSV file with the columns item, amount and reason, and a request in each of its lines: up to 10,000.")
table = uploads.uploader(
    "File", uploads.Csv(text=True, max_mb=5, max_rows=10_000, max_columns=20), key="import", on_change=begin
)
if table is None:
    st.download_button("Example", EXAMPLE, "requests.csv", "text/csv", icon=":material/download:", on_click="ignore")
    st.stop()

key = st.session_state["import_key"]
if st.session_state.get("imported") == key:
    st.success("These requests are filed. Choose another file to file more.", icon=":material/check_circle:")
    st.stop()

requests, faults = filing.requests_of(table)
if faults:
    st.error("Nothing is filed yet. Correct these lines of the file, then choose it again.", icon=":material/error:")
    st.dataframe(
        [{"Line": fault.line, "Column": fault.column, "What to do": fault.sentence} for fault in faults[:SHOWN]],
        hide_index=True,
    )
    if len(faults) > SHOWN:
        st.caption(f"The first {SHOWN} of {len(faults):,} are shown.")
    st.stop()

with st.container(horizontal=True):
    st.metric("Requests", f"{len(requests):,}", border=True, icon=":material/receipt_long:")
    amount = sum(request.amount for request in requests)
    st.metric("Sum", looks.money(amount), border=True, icon=":material/payments:")
preview = [request.model_dump() | {"status": "filed"} for request in requests[:SHOWN]]
looks.table(preview, "item", "amount", "reason")
if len(requests) > SHOWN:
    st.caption(f"The first {SHOWN} are shown.")
if st.button(f"File {len(requests):,} requests", type="primary", icon=":material/upload_file:"):
    bar = st.progress(0.0, "Filing. If you leave now, none is filed.")
    purchases.file_all(viewer, requests, key, lambda done: bar.progress(done, f"Filing: {done:.0%}"))
    st.session_state["imported"] = key
    looks.announce(f"{len(requests):,} requests are filed.", ":material/check_circle:")
    st.rerun()
