"""My requests: what became of them, and a form for the next one."""

from __future__ import annotations

from uuid import uuid4

import streamlit as st

import filing
import gatehouse
import looks
import people
import purchases
from database import outage_explained
from filing import NewRequest

viewer = people.viewer()


@st.dialog("New request", icon=":material/add_shopping_cart:")
@outage_explained()
def new_request() -> None:
    """The form, with what is wrong in a field said beside it."""
    form = gatehouse.Form(NewRequest, filing.REQUEST)
    with st.form("new-request", border=False):
        form["item"] = st.text_input("Item", placeholder="What should be bought?", max_chars=120)
        form["amount"] = st.number_input("Amount in euros", value=None, step=10.0, format="%.2f", placeholder="0.00")
        form["reason"] = st.text_area("Reason", placeholder="What is it needed for?", max_chars=1000)
        sent = st.form_submit_button("File request", type="primary", width="stretch")
    if sent and (request := form.parse()):
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
totals = purchases.own_totals(viewer)
with st.container(horizontal=True):
    for status, icon in (("filed", "hourglass_top"), ("approved", "check_circle"), ("refused", "block")):
        count, _ = totals.get(status, (0, 0))
        st.metric(looks.STATUS[status], count, border=True, icon=f":material/{icon}:")
    _, amount = totals.get("approved", (0, 0))
    st.metric("Sum approved", looks.money(amount), border=True, icon=":material/payments:")

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
if len(rows) < sum(count for count, _ in totals.values()):
    st.caption(f"The newest {len(rows):,} are looked at here.")
