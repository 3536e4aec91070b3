"""Data frames: an editor whose rows can be added, and what its user chose."""

import pandas as pd
import streamlit as st

df = pd.DataFrame(
    [
        {"command": "st.selectbox", "rating": 4, "is_widget": True},
        {"command": "st.balloons", "rating": 5, "is_widget": False},
        {"command": "st.time_input", "rating": 3, "is_widget": True},
    ]
)
edited_df = st.data_editor(
    df,
    num_rows="dynamic",
    column_config={
        "command": "Streamlit Command",
        "rating": st.column_config.NumberColumn("Your rating", min_value=1, max_value=5, format="%d ⭐"),
        "is_widget": "Widget ?",
    },
)
favorite_command = edited_df.loc[edited_df["rating"].idxmax()]["command"]
st.markdown(f"Your favorite command is **{favorite_command}** 🎈")

event = st.dataframe(df, key="data", on_select="rerun", selection_mode=["multi-row", "multi-column"])
st.write(event.selection)
