"""Session state and the caches, as far as a person can tell."""

import streamlit as st


@st.cache_data(persist="disk")
def squares(count):
    return [number * number for number in range(count)]


st.session_state.runs = st.session_state.get("runs", 0) + 1
st.write(f"Run {st.session_state.runs} of this session; squares {squares(4)}")
st.button("Again")
