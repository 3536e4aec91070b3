from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from uuid import uuid4

import pytest

import purchases
from filing import Decision, NewRequest
from people import Viewer

REQUEST = NewRequest(item="Standing desk", amount=Decimal(549), reason="Back pain, says the doctor")
DECISION = Decision(decision="approved", comment="")

NEEDED: dict[str, list[Callable[[Viewer], object]]] = {
    "staff": [purchases.own, lambda viewer: purchases.file(viewer, REQUEST, uuid4())],
    "approver": [
        lambda viewer: purchases.of_department(viewer, "filed"),
        lambda viewer: purchases.decide(viewer, 1, DECISION),
    ],
    "finance": [lambda viewer: purchases.spending(viewer, 12), purchases.waiting_amount],
}


@pytest.mark.parametrize(("role", "query"), [(role, query) for role, queries in NEEDED.items() for query in queries])
@pytest.mark.usefixtures("no_database")
def test_refused_without_the_role_before_the_database_is_asked(
    role: str, query: Callable[[Viewer], object], nobody: Viewer
) -> None:
    with pytest.raises(PermissionError, match=role):
        query(nobody)
