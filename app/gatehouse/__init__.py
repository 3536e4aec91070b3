"""Gatehouse: what a Streamlit app needs in production. Importing it does nothing else, on a laptop or in the stack."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gatehouse import exports, sessions, uploads
    from gatehouse.access import navigation, require
    from gatehouse.audit_values import AuditError
    from gatehouse.auditing import AuditEntry, audit, audit_trail
    from gatehouse.data.connection import connect
    from gatehouse.data.postgres import PostgresConnection
    from gatehouse.forms import Form
    from gatehouse.identity import Viewer, viewer

__version__ = "0.1.0"
__all__ = [
    "AuditEntry",
    "AuditError",
    "Form",
    "PostgresConnection",
    "Viewer",
    "audit",
    "audit_trail",
    "connect",
    "exports",
    "navigation",
    "require",
    "sessions",
    "uploads",
    "viewer",
]

_HOMES = {
    "AuditEntry": "gatehouse.auditing",
    "AuditError": "gatehouse.audit_values",
    "Form": "gatehouse.forms",
    "PostgresConnection": "gatehouse.data.postgres",
    "Viewer": "gatehouse.identity",
    "audit": "gatehouse.auditing",
    "audit_trail": "gatehouse.auditing",
    "connect": "gatehouse.data.connection",
    "navigation": "gatehouse.access",
    "require": "gatehouse.access",
    "viewer": "gatehouse.identity",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- whatever is asked for
    """Import what an author uses at its first use: the rest of the platform imports this package too."""
    if name in ("exports", "sessions", "uploads"):
        return import_module(f"gatehouse.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'gatehouse' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
