"""Pictures, sound and video from memory, files of static/, and components with scripts of their own."""

import numpy as np
import streamlit as st
import streamlit.components.v1 as components

st.image(np.zeros((40, 40, 3), dtype=np.uint8), caption="Black")
st.audio(np.sin(np.linspace(0, 880 * np.pi, 8_000)), sample_rate=8_000)
st.markdown("![drawing](app/static/drawing.svg) ![picture](app/static/picture.png)")

components.html("<p id='out'>waiting</p><script>document.getElementById('out').textContent = 'ran'</script>")

greeter = st.components.v2.component(
    "greeter",
    html="<button id='greet'>Greet</button>",
    css="button { color: teal }",
    js="""export default function ({ parentElement, setTriggerValue }) {
        parentElement.querySelector("#greet").onclick = () => setTriggerValue("greeted", "hello")
    }""",
)
result = greeter(on_greeted_change=lambda: None)
st.write(f"The component said {result.greeted}")
