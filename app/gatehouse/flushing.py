"""How long Streamlit waits between two looks for what scripts have to say: the one constant of its that is changed.

Streamlit 1.67 sends a script's messages and then sleeps 5 ms before it looks for more, so even the smallest rerun,
which ends after its first messages have gone, takes that long. One user's rerun of a table took 4.3 ms instead of 7.2.
"""

from __future__ import annotations

from streamlit.runtime import runtime

from gatehouse.settings import StartError

_NAME = "MESSAGE_FLUSH_INTERVAL_SECS"
_STREAMLITS_SECONDS = 0.005
_SECONDS = 0.0005


def shorten() -> None:
    """Have Streamlit wait half a millisecond.

    Raises:
        StartError: if this release of Streamlit has no such constant, or another value.
    """
    found = getattr(runtime, _NAME, None)
    if found not in (_STREAMLITS_SECONDS, _SECONDS):
        raise StartError(f"streamlit.runtime.runtime.{_NAME} is {found}; look at gatehouse/flushing.py")
    setattr(runtime, _NAME, _SECONDS)
