"""Maps: points of our own; the streets under them come from a server outside."""

import pandas as pd
import pydeck as pdk
import streamlit as st

points = pd.DataFrame({"lat": [37.76, 37.77], "lon": [-122.4, -122.41], "size": [100, 200]})
st.map(points, size="size")
st.pydeck_chart(
    pdk.Deck(
        initial_view_state=pdk.ViewState(latitude=37.76, longitude=-122.4, zoom=11, pitch=50),
        layers=[pdk.Layer("ScatterplotLayer", data=points, get_position="[lon, lat]", get_radius=200)],
    )
)
