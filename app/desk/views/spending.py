"""Spending: what was approved, by department and month."""

from __future__ import annotations

import streamlit as st

import ledger
import looks
import people

# Ready specifications: they cost a tenth of what st.bar_chart does on the server.
AXIS = {"format": ",.0f", "tickCount": 5}
AMOUNT = {"field": "amount", "type": "quantitative", "aggregate": "sum", "title": None, "axis": AXIS}
DEPARTMENT = {"field": "department", "type": "nominal", "title": None, "legend": {"orient": "bottom", "columns": 2}}
MONTH = {"field": "month", "type": "ordinal", "timeUnit": "utcyearmonth", "title": None, "axis": {"labelAngle": 0}}
TOOLTIP = [
    {"field": "department", "title": "Department"},
    {"field": "month", "timeUnit": "utcyearmonth", "title": "Month"},
    {"field": "amount", "aggregate": "sum", "format": ",.2f", "title": "Euros"},
]
BY_MONTH = {
    "mark": "bar",
    "encoding": {"x": MONTH, "y": AMOUNT, "color": DEPARTMENT, "tooltip": TOOLTIP},
}
BY_DEPARTMENT = {
    "mark": {"type": "bar", "cornerRadiusEnd": 3},
    "encoding": {
        "y": {**DEPARTMENT, "sort": "-x"},
        "x": AMOUNT,
        "color": {**DEPARTMENT, "legend": None},
        "tooltip": [TOOLTIP[0], TOOLTIP[2]],
    },
}

viewer = people.viewer()

with st.container(horizontal=True, vertical_alignment="bottom"):
    st.title("Spending", anchor=False)
    months = st.segmented_control(
        "Period", [3, 6, 12], default=12, required=True, format_func="{} months".format, label_visibility="collapsed"
    )

rows = ledger.spending(viewer, months)
total = sum(row["amount"] for row in rows)
waiting = ledger.waiting_amount(viewer)
count = sum(row["requests"] for row in rows)
with st.container(horizontal=True):
    st.metric("Approved", looks.money(round(total)), border=True, icon=":material/payments:")
    st.metric("Requests", count, border=True, icon=":material/receipt_long:")
    st.metric("Average", looks.money(round(total / count) if count else 0), border=True, icon=":material/calculate:")
    st.metric("Waiting", looks.money(round(waiting)), border=True, icon=":material/hourglass_top:")

if not rows:
    st.info("Nothing was approved in this period.", icon=":material/inbox:")
    st.stop()

left, right = st.columns([2, 1], gap="medium")
with left, st.container(border=True):
    st.subheader("By month", anchor=False)
    st.vega_lite_chart(rows, BY_MONTH, height=320, alt="Approved amounts by month and department, in euros")
with right, st.container(border=True):
    st.subheader("By department", anchor=False)
    st.vega_lite_chart(rows, BY_DEPARTMENT, height=320, alt="Approved amounts by department, in euros")
