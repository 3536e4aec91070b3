"""Gatehouse: what a Streamlit app needs in production. Importing it does nothing else, on a laptop or in the stack."""

from __future__ import annotations

__version__ = "0.1.0"
