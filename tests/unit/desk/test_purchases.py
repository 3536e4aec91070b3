from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from uuid import uuid4

import pytest

import ledger
import purchases
import receipts
from filing import Decision, NewRequest
from gatehouse.uploads import File
from people import Viewer

REQUEST = NewRequest(item="Standing desk", amount=Decimal(549), reason="Back pain, says the doctor")
DECISION = Decision(decision="approved", comment="")

NEEDED: dict[str, list[Callable[[Viewer], object]]] = {
    "staff": [
        purchases.own,
        purchases.own_totals,
        lambda viewer: purchases.file(viewer, REQUEST, uuid4()),
        lambda viewer: purchases.file_all(viewer, [REQUEST], uuid4(), lambda _done: None),
        receipts.requests,
        lambda viewer: receipts.of_request(viewer, 1),
        lambda viewer: receipts.content(viewer, uuid4()),
        lambda viewer: receipts.add(viewer, 1, File("a.pdf", b"%PDF-", "application/pdf")),
    ],
    "approver": [
        lambda viewer: purchases.of_department(viewer, "filed"),
        lambda viewer: purchases.decide(viewer, 1, DECISION),
    ],
    "finance": [lambda viewer: ledger.spending(viewer, 12), ledger.waiting_amount],
    "auditor": [ledger.departments, lambda viewer: ledger.search(viewer, "", None, None)],
}


@pytest.mark.parametrize(("role", "query"), [(role, query) for role, queries in NEEDED.items() for query in queries])
@pytest.mark.usefixtures("no_database")
def test_refused_without_the_role_before_the_database_is_asked(
    role: str, query: Callable[[Viewer], object], nobody: Viewer
) -> None:
    with pytest.raises(PermissionError, match=role):
        query(nobody)
