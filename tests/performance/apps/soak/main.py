"""All that may leave something behind: a table, a chart, a picture, a download, a cache, a session's state."""

import numpy as np
import pandas as pd
import streamlit as st


@st.cache_data(max_entries=20)
def rows(number: int) -> pd.DataFrame:
    random = np.random.default_rng(number)
    return pd.DataFrame({"day": range(20), "pieces": random.integers(1, 100, 20), "price": random.uniform(1, 500, 20)})


@st.fragment
def part(number: int) -> None:
    st.checkbox("Rounded", key="rounded")
    st.metric("Twice", 2 * number)


st.title("Soak")
number = st.slider("Number", 0, 100, 50)
found = rows(number)
part(number)
st.session_state.setdefault("seen", []).append(number)
st.session_state["kept"] = bytearray(200_000)
match number % 4:
    case 0:
        st.dataframe(found)
    case 1:
        # A ready description: to have altair check one takes as long as fifteen reruns of all the rest.
        line = {"x": {"field": "day", "type": "quantitative"}, "y": {"field": "price", "type": "quantitative"}}
        st.vega_lite_chart(found, {"mark": "line", "encoding": line})
    case 2:
        st.image(np.full((64, 64), number, dtype=np.uint8))
    case _:
        st.download_button("Rows", found.to_csv().encode(), f"rows-{number}.csv")
