import streamlit as st

if not st.user.is_logged_in:
    st.button("Log in", on_click=st.login)
    st.stop()
st.button("Log out", on_click=st.logout)
st.write(f"Welcome, {st.user.name}!")
st.write(f"Email: {st.user.email}")
