"""Receipts: the offers and receipts of a request, to look at and, for its requester, to add to."""

from __future__ import annotations

from typing import Any

import streamlit as st

import looks
import people
import receipts
from database import outage_explained
from gatehouse import uploads

viewer = people.viewer()


@st.dialog("Receipt", icon=":material/attach_file:")
@outage_explained()
def view(receipt: dict[str, Any]) -> None:
    """One file: read only now that somebody wants it."""
    content = receipts.content(viewer, receipt["id"])
    if content is None:
        st.info("It is not there any more.")
        return
    st.text(receipt["name"])
    if receipt["mime"].startswith("image/"):
        st.image(content)
    st.download_button(
        "Download", content, receipt["name"], receipt["mime"], icon=":material/download:", on_click="ignore"
    )


def add(request: dict[str, Any]) -> None:
    """The form for one more, of a request of the viewer's own."""
    with st.form("receipt", clear_on_submit=True):
        file = uploads.uploader("Offer or receipt", uploads.Pdf(max_mb=5), uploads.Image(max_mb=5), key="receipt")
        sent = st.form_submit_button("Add", type="primary", icon=":material/add:")
    if not sent or file is None:
        return
    if receipts.add(viewer, request["id"], file):
        looks.announce("The receipt is kept.", ":material/check_circle:")
        st.rerun()
    st.error("It was not added: the request has changed meanwhile. Look at it again.", icon=":material/error:")


st.title("Receipts", anchor=False)
requests = {row["id"]: row for row in receipts.requests(viewer)}
if not requests:
    st.info("There is no request yet whose receipts you may see.", icon=":material/inbox:")
    st.stop()
chosen = st.selectbox("Request", list(requests), format_func=lambda number: f"{number}: {requests[number]['item']}")
request = requests[chosen]
with st.container(border=True):
    with st.container(horizontal=True, wrap=False, horizontal_alignment="distribute"):
        st.text(request["item"])
        st.markdown(f"**{looks.money(request['amount'])}**", width="content")
    st.caption(looks.STATUS[request["status"]])
    handed_in = receipts.of_request(viewer, request["id"])
    for receipt in handed_in:
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            with st.container(gap="xxsmall", width="content"):
                st.text(receipt["name"])
                st.caption(f"{receipt['size'] / 1000:,.0f} kB, added on {looks.day(receipt['created_at'])}")
            if st.button("View", key=f"view-{receipt['id']}", icon=":material/visibility:"):
                view(receipt)
    if not handed_in:
        st.caption("Nothing is attached yet.")
if request["is_own"] and request["status"] != "refused" and len(handed_in) < receipts.MOST and "staff" in viewer.roles:
    add(request)
