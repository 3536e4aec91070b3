"""Audit trail: who did what, for auditors. The platform keeps it where no login of the app can change it."""

from __future__ import annotations

import json

import streamlit as st

import gatehouse
import people
from filing import Search

PAGE = 100
ACTIONS = [
    *("request.filed", "requests.imported", "request.approved", "request.refused"),
    *("receipt.added", "requests.exported", "session.ended", "sessions.ended"),
]

people.viewer().require("auditor")


def newest() -> None:
    """Another question begins at the first page."""
    st.session_state.pop("audit_before", None)


st.title("Audit trail", anchor=False)
form = gatehouse.Form(Search)
left, right = st.columns(2, vertical_alignment="bottom")
with left:
    form["words"] = st.text_input("About", placeholder="request 17", max_chars=200, on_change=newest)
action = right.selectbox("Action", ACTIONS, index=None, placeholder="All", on_change=newest)
asked = form.parse()
if asked is None:
    st.stop()

before = st.session_state.get("audit_before")
entries = gatehouse.audit_trail(before=before, limit=PAGE, action=action, object=asked.words or None)
if entries:
    st.dataframe(
        [
            {
                "When": entry.at,
                "Who": entry.name,
                "Did": entry.action,
                "To": entry.object,
                "Detail": json.dumps(dict(entry.detail), ensure_ascii=False) if entry.detail else "",
                "Session": entry.session,
                "Account": entry.subject,
            }
            for entry in entries
        ],
        hide_index=True,
        column_config={"When": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm:ss")},
        height=500 if len(entries) > 13 else "content",
    )
else:
    st.info("Nothing like that is written down.", icon=":material/search_off:")
with st.container(horizontal=True):
    if before and st.button("Newest", icon=":material/first_page:"):
        newest()
        st.rerun()
    if len(entries) == PAGE and st.button("Older", icon=":material/chevron_right:"):
        st.session_state["audit_before"] = entries[-1].id
        st.rerun()
