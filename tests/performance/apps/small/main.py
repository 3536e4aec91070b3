"""The smallest app that does something: a title, a slider, a number."""

import streamlit as st

st.title("Small")
st.metric("Twice", 2 * st.slider("Number", 0, 100, 50))
