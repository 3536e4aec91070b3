"""Text, layout, status and widgets: one of each kind."""

import time
from datetime import date

import streamlit as st

st.title("This is a :blue[title] :sunglasses:")
st.latex(r"a + ar + a r^2 = \sum_{k=0}^{n-1} ar^k")
st.code("def hello():\n    print('Hello, Streamlit!')", language="python")
st.json({"foo": "bar", "stuff": ["stuff 1", "stuff 2"]})
st.markdown("```mermaid\ngraph LR; A-->B\n```")
st.html("<p style='color: teal'>Own <b>HTML</b></p>")
st.graphviz_chart("digraph { run -> intr; intr -> runbl }")

col1, col2 = st.columns(2)
col1.metric("Temperature", "70 °F", "1.2 °F")
col2.metric("Wind", "9 mph", "-8%")
tab1, tab2 = st.tabs(["Cat", "Dog"])
tab1.write("A cat")
tab2.write("A dog")
with st.expander("See explanation"):
    st.write("Dice")
with st.popover("Open popover"):
    st.write("Inside")

with st.status("Downloading data...", expanded=True) as status:
    bar = st.progress(0, text="Operation in progress")
    for percent in range(0, 101, 20):
        bar.progress(percent)
        time.sleep(0.02)
    status.update(label="Download complete!", state="complete")
st.toast("Your edited image was saved!", icon="😍")
st.balloons()

st.radio("Visibility", ["visible", "hidden"])
st.selectbox("Contact", ["Email", "Home phone"])
st.multiselect("Colors", ["Green", "Yellow"], ["Yellow"])
st.select_slider("Shade", ["red", "orange"])
st.number_input("Insert a number")
st.text_area("Text to analyze", "It was the best of times")
st.date_input("Birthday", date(2019, 7, 6))
st.time_input("Alarm")
st.color_picker("Pick a color", "#00f900")
st.pills("Directions", ["North", "East"])
st.segmented_control("Tools", ["Build", "Test"])
st.feedback("thumbs")
st.toggle("Activate feature")
st.link_button("Go to gallery", "https://streamlit.io/gallery")
