"""How things are shown: money, dates, and the columns that tables share."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import streamlit as st

STATUS = {"filed": "Waiting", "approved": "Approved", "refused": "Refused"}

COLUMNS: dict[str, Any] = {
    "id": st.column_config.NumberColumn("No.", format="%d", width=55),
    "created_at": st.column_config.DatetimeColumn("Filed", format="D MMM YYYY", width=110),
    "decided_at": st.column_config.DatetimeColumn("Decided", format="D MMM YYYY", width=110),
    "item": st.column_config.TextColumn("Item", width=230),
    "amount": st.column_config.NumberColumn("Amount", format="euro", width=110),
    "state": st.column_config.MultiselectColumn(
        "Status", options=list(STATUS.values()), color=["orange", "green", "red"], width=105
    ),
    "department": st.column_config.TextColumn("Department", width=120),
    "requester": st.column_config.TextColumn("From", width=130),
    "reason": st.column_config.TextColumn("Reason", width="medium"),
    "decided_by": st.column_config.TextColumn("Decided by", width=130),
    "comment": st.column_config.TextColumn("Comment", width="large"),
}


def table(rows: list[dict[str, Any]], *columns: str) -> None:
    """Show these columns of the rows, the status as a coloured label."""
    for row in rows:
        row["state"] = [STATUS[row["status"]]]
    height: Any = "content" if len(rows) < 12 else 440
    st.dataframe(rows, column_order=columns, column_config=COLUMNS, hide_index=True, height=height, placeholder="")


def money(amount: float | Decimal) -> str:
    """Write an amount of euros, without cents where there are none."""
    return f"€{amount:,.0f}" if amount == int(amount) else f"€{amount:,.2f}"


def day(moment: datetime) -> str:
    """Write the day of a moment (UTC)."""
    return f"{moment.day} {moment:%B %Y}"


def ago(moment: datetime) -> str:
    """Write how long ago a moment was."""
    minutes = max(0, int((datetime.now(UTC) - moment).total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min ago" if minutes else "just now"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // 1440} days ago"


def announce(message: str, icon: str) -> None:
    """Show a short message after the rerun that is to follow: a toast of the present run would vanish with it."""
    st.session_state["announcement"] = (message, icon)


def announced() -> None:
    """Show what `announce` left, once."""
    if "announcement" in st.session_state:
        message, icon = st.session_state.pop("announcement")
        st.toast(message, icon=icon)
