"""The same as `table`, with a chart in the table's place."""

import numpy as np
import pandas as pd
import streamlit as st


@st.cache_data
def orders() -> pd.DataFrame:
    random = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "region": random.choice(["north", "east", "south", "west"], 1000),
            "pieces": random.integers(1, 100, 1000),
            "price": random.uniform(1, 500, 1000).round(2),
        }
    )


least = st.sidebar.slider("At least so many pieces", 0, 100, 50)
regions = st.sidebar.multiselect("Regions", ["north", "east", "south", "west"], ["north", "east"])
found = orders()
found = found[found["region"].isin(regions) & (found["pieces"] >= least / 10)]

st.title("Orders")
for column, (name, value) in zip(
    st.columns(4),
    {
        "Orders": len(found),
        "Pieces": int(found["pieces"].sum()),
        "Mean price": round(float(found["price"].mean()), 2),
        "Highest price": float(found["price"].max()),
    }.items(),
    strict=True,
):
    column.metric(name, value)
st.line_chart(found.head(100), x="pieces", y="price")
