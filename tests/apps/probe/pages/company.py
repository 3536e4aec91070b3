import streamlit as st

if not st.user.is_logged_in:
    st.button("Log in", on_click=st.login)
    st.stop()
if st.user.email.endswith("@company.com"):
    st.write("Internal figures")
else:
    st.write("Public figures")
