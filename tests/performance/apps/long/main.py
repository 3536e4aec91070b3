"""Many small messages and little else: what a proxy or a gate does to each of them weighs most here."""

import streamlit as st

number = st.slider("Number", 0, 100, 50)
for line in range(200):
    st.text(f"{line}: {number}")
