"""A small app for people who have signed in, as Streamlit's documentation shows it."""

import streamlit as st

if not st.user.is_logged_in:
    st.login("company")
    st.stop()

st.title("Orders")
st.metric("Twice", 2 * st.slider("Number", 0, 100, 50))
