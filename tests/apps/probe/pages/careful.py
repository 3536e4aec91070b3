import streamlit as st

if getattr(st.user, "is_logged_in", False):
    st.write(f"Signed in as {st.user.name}")
else:
    st.write("Nobody is signed in")
