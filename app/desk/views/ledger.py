"""All requests: every department's, to look through and to take along."""

from __future__ import annotations

import pandas as pd
import streamlit as st

import gatehouse
import ledger
import looks
import people
from database import outage_explained, rows
from filing import Search
from gatehouse import exports

SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

viewer = people.viewer()


@st.dialog("Export", icon=":material/download:")
@outage_explained()
def export(frame: pd.DataFrame) -> None:
    """What is shown, as a file in which no text becomes a formula."""
    chosen = st.segmented_control("Format", ["CSV", "Excel"])
    if not chosen:
        return
    # Before there is anything to take along.
    gatehouse.audit("requests.exported", chosen, requests=len(frame))
    if chosen == "CSV":
        content, name, mime = exports.to_csv(frame), "requests.csv", "text/csv"
    else:
        content, name, mime = exports.to_xlsx(frame, "Requests"), "requests.xlsx", SPREADSHEET
    st.download_button(
        f"Download {name}", content, name, mime, type="primary", icon=":material/download:", on_click="ignore"
    )


st.title("All requests", anchor=False)
form = gatehouse.Form(Search)
columns = st.columns([2, 1, 1], vertical_alignment="bottom")
with columns[0]:
    form["words"] = st.text_input("Search", placeholder="In item, reason and name", max_chars=200)
department = columns[1].selectbox("Department", ledger.departments(viewer), index=None, placeholder="All")
status = columns[2].selectbox(
    "Status", list(looks.STATUS), index=None, format_func=looks.STATUS.__getitem__, placeholder="All"
)
asked = form.parse()
if asked is None:
    st.stop()

found = ledger.search(viewer, asked.words, department, status)
with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    st.metric("Requests", f"{len(found):,}", icon=":material/receipt_long:")
    st.metric("Sum", looks.money(found["amount"].sum() if len(found) else 0), icon=":material/payments:")
    if st.button("Export", icon=":material/download:", disabled=found.empty):
        export(found)
if found.empty:
    st.info("No request is like that.", icon=":material/search_off:")
    st.stop()
looks.table(
    rows(found),
    "id",
    "created_at",
    "department",
    "requester",
    "item",
    "amount",
    "state",
    "decided_by",
    "reason",
    "comment",
)
if len(found) == ledger.MOST:
    st.caption(f"The newest {ledger.MOST:,} are shown. Search for something to see others.")
