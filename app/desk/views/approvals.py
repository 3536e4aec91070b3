"""Approvals: what waits in the viewer's department, and what was decided."""

from __future__ import annotations

from typing import Any

import streamlit as st

import filing
import gatehouse
import looks
import people
import purchases
from database import outage_explained
from filing import Decision

viewer = people.viewer()


@st.dialog("Decide on a request", icon=":material/fact_check:")
@outage_explained()
def decide(row: dict[str, Any]) -> None:
    """One request in full, with a comment and the two buttons."""
    st.text(row["item"])
    st.metric("Amount", looks.money(row["amount"]), label_visibility="collapsed")
    st.text(row["reason"])
    with st.container(gap="xxsmall"):
        st.caption(f"No. {row['id']}, filed on {looks.day(row['created_at'])} by")
        st.text(row["requester"])
    form = gatehouse.Form(Decision, filing.DECISION)
    with st.form("decision", border=False):
        form["comment"] = st.text_area("Comment", placeholder="Needed if you refuse.", max_chars=1000)
        left, right = st.columns(2)
        approve = left.form_submit_button("Approve", type="primary", icon=":material/check:", width="stretch")
        refuse = right.form_submit_button("Refuse", icon=":material/close:", width="stretch")
    if not approve and not refuse:
        return
    form["decision"] = "approved" if approve else "refused"
    decision = form.parse()
    if decision is None:
        return
    if purchases.decide(viewer, row["id"], decision):
        looks.announce(f"Request {row['id']} is {decision.decision}.", ":material/check_circle:")
    else:
        looks.announce(f"Request {row['id']} had been decided before.", ":material/info:")
    st.rerun()


def card(row: dict[str, Any]) -> None:
    """One waiting request, in short."""
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, wrap=False, horizontal_alignment="distribute"):
            st.text(row["item"])
            st.markdown(f"**{looks.money(row['amount'])}**", width="content")
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            with st.container(gap="xxsmall", width="content"):
                st.text(row["requester"])
                st.caption(f"No. {row['id']}, filed on {looks.day(row['created_at'])}")
            if row["is_own"]:
                st.badge("Yours: someone else decides", color="gray")
            elif st.button("Decide", key=f"decide-{row['id']}", icon=":material/gavel:"):
                decide(row)


st.title("Approvals", anchor=False)
if not viewer.department:
    st.info("You belong to no department yet. Ask the person who looks after accounts.", icon=":material/key:")
    st.stop()

waiting = purchases.of_department(viewer, "filed")
decided = purchases.of_department(viewer, "decided")
count, amount = (waiting[0]["requests"], waiting[0]["total"]) if waiting else (0, 0)
longest = max((row["waited"] for row in waiting), default=0)
with st.container(horizontal=True):
    st.metric("Waiting", count, border=True, icon=":material/hourglass_top:")
    st.metric("Sum waiting", looks.money(amount), border=True, icon=":material/payments:")
    st.metric("Longest wait", f"{longest} days", border=True, icon=":material/schedule:")

st.subheader("Waiting for a decision", anchor=False)
for row in waiting[:20]:
    card(row)
if count > 20:
    st.caption("The oldest 20 are shown. The next ones follow as you decide.")
if not waiting:
    st.info("Nothing waits for you. Well done.", icon=":material/task_alt:")

st.subheader("Decided", anchor=False)
if decided:
    looks.table(decided, "item", "state", "amount", "decided_at", "requester", "decided_by", "comment", "id")
else:
    st.info("Nothing has been decided in your department yet.", icon=":material/inbox:")
