"""Purchase requests, from filing to approval: the example app. Here people sign in and are given their pages."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

import people
from database import outage_explained
from looks import announced

IMAGES = Path(__file__).parent / "images"

# An own picture: the browser would fetch a ":material/…:" page icon from another host, which the platform blocks.
st.set_page_config(page_title="Purchase requests", page_icon=str(IMAGES / "mark.svg"), layout="wide")


def welcome() -> None:
    """All that a visitor sees who has not signed in."""
    st.space("large")
    with st.columns([1, 1.4, 1])[1], st.container(border=True):
        st.image(str(IMAGES / "logo.svg"), width=130)
        st.header("Purchase requests", anchor=False)
        st.write("Ask for what your work needs, and see at once who approved it and when.")
        st.button("Sign in", on_click=st.login, type="primary", icon=":material/login:", width="stretch")


def no_role() -> None:
    """For people who have an account, but nothing to do here yet."""
    st.title("Purchase requests", anchor=False)
    st.info("You have no role here yet. Ask the person who looks after accounts for one.", icon=":material/key:")


def pages(viewer: people.Viewer) -> list[st.Page]:
    """The pages of the viewer's roles. One that isn't listed does not exist for them."""
    by_role = {
        "staff": st.Page("views/requests.py", title="My requests", icon=":material/receipt_long:"),
        "approver": st.Page("views/approvals.py", title="Approvals", icon=":material/fact_check:"),
        "finance": st.Page("views/spending.py", title="Spending", icon=":material/bar_chart:"),
    }
    return [page for role, page in by_role.items() if role in viewer.roles] or [st.Page(no_role, title="Welcome")]


def sidebar(viewer: people.Viewer) -> None:
    """The app's name, who is signed in, and the way out."""
    st.logo(str(IMAGES / "logo.svg"), size="large")
    with st.sidebar:
        # st.text, here and elsewhere: what people typed is never read as Markdown or HTML.
        with st.container(gap="xxsmall"):
            st.text(viewer.name)
            st.text(viewer.email)
        st.button("Sign out", on_click=st.logout, icon=":material/logout:", width="stretch")


if not getattr(st.user, "is_logged_in", False):
    st.navigation([st.Page(welcome, title="Sign in")], position="hidden").run()
    st.stop()

with outage_explained():
    person = people.viewer()
    page = st.navigation(pages(person))
    sidebar(person)
    announced()
    page.run()
