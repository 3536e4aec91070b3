"""`st.file_uploader` that returns only what was checked."""

from __future__ import annotations

import math
from typing import Any, TypeVar

import streamlit as st

from gatehouse.uploads.checking import check
from gatehouse.uploads.kind import Kind, Refused, Upload

T = TypeVar("T", bound=Upload)


def uploader(label: str, *kinds: Kind[T], key: str | None = None, **options: Any) -> T | None:  # noqa: ANN401 -- Streamlit's own
    """Show a file uploader and return the chosen file once it is accepted, else None.

    What is wrong with a file is said under the widget. A file is checked once, not in every run of the script.

    Args:
        label: as of `st.file_uploader`.
        kinds: what is accepted, such as `Pdf(), Image()`.
        key: as of `st.file_uploader`; two uploaders with one label need two keys.
        options: further options of `st.file_uploader`, such as `help` or `label_visibility`; one file at a time.
    """
    limit = min(math.ceil(max(kind.max_mb for kind in kinds)), int(st.get_option("server.maxUploadSize")))
    types = [extension for kind in kinds for extension in kind.extensions]
    file = st.file_uploader(label, type=types, max_upload_size=limit, key=key, **options)
    place = f"_gatehouse_upload_{key or label}"
    if file is None:
        st.session_state.pop(place, None)
        return None
    known, outcome = st.session_state.get(place, (None, None))
    if known != (file.file_id, kinds):
        try:
            outcome = check(file, *kinds)
        except Refused as refusal:
            outcome = str(refusal)
        st.session_state[place] = ((file.file_id, kinds), outcome)
    if isinstance(outcome, str):
        st.error(outcome, icon=":material/error:")
        return None
    checked: T = outcome.again()
    return checked
