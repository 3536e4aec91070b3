"""Sessions: who is signed in, for admins, who can end that. The platform judges it by [sessions] of policy.toml."""

from __future__ import annotations

import streamlit as st

import gatehouse
import looks
import people
from gatehouse.sessions import OpenSession

SHOWN = 50

people.viewer().require("admin")


def card(sessions: list[OpenSession]) -> None:
    """One account and its sessions."""
    person = sessions[0]
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            with st.container(gap="xxsmall", width="content"):
                st.text(person.name)
                st.text(person.email)
            others = [one for one in sessions if not one.mine]
            if others == sessions and len(sessions) > 1 and st.button("End all", key=f"all-{person.id}"):
                count = gatehouse.sessions.end_all(person.issuer, person.subject)
                looks.announce(f"{count} sessions are ended.", ":material/logout:")
                st.rerun()
        for one in sessions:
            with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
                st.caption(
                    f"Signed in {looks.ago(one.signed_in_at)}, active {looks.ago(one.active_at)}", width="content"
                )
                if one.mine:
                    st.badge("You, here", color="gray")
                elif st.button("End", key=f"end-{one.id}", icon=":material/logout:"):
                    ended = gatehouse.sessions.end(one.id)
                    looks.announce("The session is ended." if ended else "It was over before.", ":material/logout:")
                    st.rerun()


st.title("Sessions", anchor=False)
found = gatehouse.sessions.open_sessions()
accounts: dict[tuple[str, str], list[OpenSession]] = {}
for one in found:
    accounts.setdefault((one.issuer, one.subject), []).append(one)
with st.container(horizontal=True):
    st.metric("People", len(accounts), border=True, icon=":material/group:")
    st.metric("Sessions", len(found), border=True, icon=":material/devices:")

words = st.text_input("Search", placeholder="Name or e-mail address", max_chars=200).casefold()
shown = [group for group in accounts.values() if words in f"{group[-1].name} {group[-1].email}".casefold()]
for group in shown[:SHOWN]:
    card(group)
if not shown:
    st.info("Nobody like that is signed in.", icon=":material/search_off:")
if len(shown) > SHOWN:
    st.caption(f"{SHOWN} of {len(shown):,} people are shown. Search for somebody to see others.")
