"""My requests: what became of them, and a form for the next one."""

from __future__ import annotations

from uuid import uuid4

import streamlit as st
from pydantic import ValidationError

import looks
import people
import purchases
from database import outage_explained
from filing import NewRequest, faults

viewer = people.viewer()


@st.dialog("New request", icon=":material/add_shopping_cart:")
@outage_explained()
def new_request() -> None:
    """The form, with what is wrong in a field said beside it."""
    beside = {}
    with st.form("new-request", border=False):
        item = st.text_input("Item", placeholder="What should be bought?", max_chars=120)
        beside["item"] = st.empty()
        amount = st.number_input("Amount in euros", value=None, step=10.0, format="%.2f", placeholder="0.00")
        beside["amount"] = st.empty()
        reason = st.text_area("Reason", placeholder="What is it needed for?", max_chars=1000)
        beside["reason"] = st.empty()
        if not st.form_submit_button("File request", type="primary", width="stretch"):
            return
    try:
        request = NewRequest.model_validate({"item": item, "amount": amount and f"{amount:.2f}", "reason": reason})
    except ValidationError as error:
        for field, sentence in faults(error).items():
            looks.wrong(beside[field], sentence)
        return
    purchases.file(viewer, request, key=st.session_state["filing_key"])
    looks.announce("Your request is filed.", ":material/check_circle:")
    st.rerun()


with st.container(horizontal=True, vertical_alignment="bottom"):
    st.title("My requests", anchor=False)
    if viewer.department and st.button("New request", type="primary", icon=":material/add:"):
        st.session_state["filing_key"] = uuid4()
        new_request()

if not viewer.department:
    st.info("You belong to no department yet, so you cannot file. Ask the person who looks after accounts.")

rows = purchases.own(viewer)
amounts = {status: [row["amount"] for row in rows if row["status"] == status] for status in looks.STATUS}
with st.container(horizontal=True):
    st.metric("Waiting", len(amounts["filed"]), border=True, icon=":material/hourglass_top:")
    st.metric("Approved", len(amounts["approved"]), border=True, icon=":material/check_circle:")
    st.metric("Refused", len(amounts["refused"]), border=True, icon=":material/block:")
    st.metric("Sum approved", looks.money(sum(amounts["approved"])), border=True, icon=":material/payments:")

if not rows:
    st.info("You have not asked for anything yet. Press “New request” to file your first.", icon=":material/inbox:")
    st.stop()

labels = ["All", *looks.STATUS.values()]
chosen = st.segmented_control("Status", labels, default="All", required=True, label_visibility="collapsed")
shown = [row for row in rows if chosen in ("All", looks.STATUS[row["status"]])]
if shown:
    looks.table(shown, "item", "state", "amount", "created_at", "decided_by", "comment", "reason", "id")
else:
    st.info("None of your requests has this status.", icon=":material/inbox:")
