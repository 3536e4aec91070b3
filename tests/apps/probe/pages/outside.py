"""A picture of another server's, which policy.toml does not name."""

import streamlit as st

st.markdown("![elsewhere](https://pictures.example.com/one.png)")
st.write("A picture from elsewhere")
