"""Chat elements: history in session state, an answer that is streamed."""

import random
import time

import streamlit as st


def answer(question):
    for word in f"You said: {question}".split():
        yield word + " "
        time.sleep(random.random() / 50)


st.title("Simple chat")

if "messages" not in st.session_state:
    st.session_state.messages = []

for message in st.session_state.messages:
    with st.chat_message(message["role"]):
        st.markdown(message["content"])

if prompt := st.chat_input("What is up?"):
    st.session_state.messages.append({"role": "user", "content": prompt})
    with st.chat_message("user"):
        st.markdown(prompt)
    with st.chat_message("assistant"):
        response = st.write_stream(answer(prompt))
    st.session_state.messages.append({"role": "assistant", "content": response})
