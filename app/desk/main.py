"""Purchase requests, from filing to approval: the example app. Here people are given their pages."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

import gatehouse
import people
from database import outage_explained
from looks import announced

IMAGES = Path(__file__).parent / "images"

# An own picture: the browser would fetch a ":material/…:" page icon from another host, which the platform blocks.
st.set_page_config(page_title="Purchase requests", page_icon=str(IMAGES / "mark.svg"), layout="wide")


def sidebar(viewer: people.Viewer) -> None:
    """The app's name, who is signed in, and the way out."""
    st.logo(str(IMAGES / "logo.svg"), size="large")
    with st.sidebar:
        # st.text, here and elsewhere: what people typed is never read as Markdown or HTML.
        with st.container(gap="xxsmall"):
            st.text(viewer.name)
            st.text(viewer.email)
        st.button("Sign out", on_click=st.logout, icon=":material/logout:", width="stretch")


with outage_explained():
    # All pages there are; policy.toml says who may see which.
    page = gatehouse.navigation(
        [
            st.Page("views/requests.py", title="My requests", icon=":material/receipt_long:"),
            st.Page("views/imports.py", title="Import", icon=":material/upload_file:"),
            st.Page("views/approvals.py", title="Approvals", icon=":material/fact_check:"),
            st.Page("views/spending.py", title="Spending", icon=":material/bar_chart:"),
            st.Page("views/ledger.py", title="All requests", icon=":material/table_rows:"),
            st.Page("views/receipts.py", title="Receipts", icon=":material/attach_file:"),
            st.Page("views/audit.py", title="Audit trail", icon=":material/history:"),
            st.Page("views/sessions.py", title="Sessions", icon=":material/devices:"),
        ]
    )
    sidebar(people.viewer())
    announced()
    page.run()
