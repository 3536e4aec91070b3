"""Fragments: a part that runs by itself, and one that does so every half second."""

import streamlit as st

if "app_runs" not in st.session_state:
    st.session_state.app_runs = 0
    st.session_state.fragment_runs = 0
    st.session_state.ticks = 0


@st.fragment
def my_fragment():
    st.session_state.fragment_runs += 1
    st.button("Rerun fragment")
    st.write(f"Fragment says it ran {st.session_state.fragment_runs} times.")


@st.fragment(run_every=0.5)
def clock():
    st.session_state.ticks += 1
    st.write("Ticking" if st.session_state.ticks > 2 else "Wound up")


st.session_state.app_runs += 1
my_fragment()
clock()
st.button("Rerun full app")
st.write(f"Full app says it ran {st.session_state.app_runs} times.")
