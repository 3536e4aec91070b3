"""A file uploader and charts of what was uploaded."""

import altair as alt
import pandas as pd
import streamlit as st

uploaded_file = st.file_uploader("Choose a file", type=["csv"])
if uploaded_file is not None:
    dataframe = pd.read_csv(uploaded_file)
    st.write(dataframe)
    st.line_chart(dataframe, x="day", y=["visits", "sales"])
    st.area_chart(dataframe, x="day", y="visits")
    st.bar_chart(dataframe, x="day", y="sales", horizontal=True)
    st.scatter_chart(dataframe, x="visits", y="sales", size="sales")
    chart = alt.Chart(dataframe).mark_circle().encode(x="visits", y="sales", tooltip=["day", "visits", "sales"])
    st.altair_chart(chart)
    st.download_button("Download CSV", dataframe.to_csv().encode(), "large_df.csv", "text/csv")
