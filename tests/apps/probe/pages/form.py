"""A form: nothing is run until it is submitted."""

import streamlit as st

with st.form("my_form"):
    st.write("Inside the form")
    name = st.text_input("Name")
    slider_val = st.slider("Form slider", 0, 100, 25)
    checkbox_val = st.checkbox("Form checkbox")
    submitted = st.form_submit_button("Submit")
    if submitted:
        st.write(f"{name}: slider {slider_val}, checkbox {checkbox_val}")
st.write("Outside the form")
