"""Checks that Streamlit's users are taught: what they do, to the letter, and where ours see more."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

UPLOAD = """
import streamlit as st

uploaded_file = st.file_uploader("Upload", type=["csv", "xlsx"])

if uploaded_file:
    # Validate file type
    if uploaded_file.type not in ["text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"]:
        st.error("Invalid file type")
        st.stop()

    # Validate file size
    if uploaded_file.size > 10 * 1024 * 1024:  # 10MB
        st.error("File too large")
        st.stop()
    st.write("taken")
"""

OURS = """
import streamlit as st
from gatehouse import uploads

if uploads.uploader("Upload", uploads.Csv(), uploads.Xlsx()):
    st.write("taken")
"""

NUMBER = """
import streamlit as st

user_input = st.text_input("Enter ID")

# Validate before using
if not user_input.isdigit():
    st.error("Please enter a valid numeric ID")
    st.stop()

# Now safe to use
user_id = int(user_input)
st.write(f"ID {user_id}")
"""

TABLE = b"item,amount\nChair,120.5\n"


def uploaded(script: str, name: str, content: bytes, type_: str) -> list[str]:
    """What the page says about a file."""
    app = AppTest.from_string(script, default_timeout=20).run()
    app.file_uploader[0].set_value((name, content, type_)).run()
    assert not app.exception
    return [element.value for element in [*app.error, *app.markdown]]


def test_file_upload_validation_by_type_and_size() -> None:
    assert uploaded(UPLOAD, "a.csv", TABLE, "text/csv") == ["taken"]
    assert uploaded(UPLOAD, "a.csv", TABLE, "text/html") == ["Invalid file type"]
    assert uploaded(UPLOAD, "a.csv", b"a" * (10 * 1024 * 1024 + 1), "text/csv") == ["File too large"]


def test_ours_looks_at_the_content_and_not_at_what_the_sender_says() -> None:
    program = b"MZ\x90\x00\x03" + b"\x00" * 200
    assert uploaded(UPLOAD, "a.csv", program, "text/csv") == ["taken"]
    (refusal,) = uploaded(OURS, "a.csv", program, "text/csv")
    assert "Windows program" in refusal
    assert uploaded(OURS, "a.csv", TABLE, "text/html") == ["taken"]
    (refusal,) = uploaded(OURS, "a.csv", b"a\n" * (5 * 1024 * 1024 + 1), "text/csv")
    assert "too large" in refusal


@pytest.mark.parametrize(
    ("typed", "said"), [("42", "ID 42"), ("4 2", None), ("-1", None), ("1 or 1=1", None), ("", None)]
)
def test_input_validation_by_isdigit(typed: str, said: str | None) -> None:
    app = AppTest.from_string(NUMBER).run()
    app.text_input[0].set_value(typed).run()
    assert not app.exception
    assert [error.value for error in app.error] == ([] if said else ["Please enter a valid numeric ID"])
    assert [text.value for text in app.markdown] == ([said] if said else [])
