"""Filing requests and deciding on them. Each function checks the viewer's role and sees only what is theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Literal
from uuid import UUID, uuid5

import gatehouse
from database import Rows, postgres, rows
from filing import Decision, NewRequest
from people import Viewer

BATCH = 500


def file(viewer: Viewer, request: NewRequest, key: UUID) -> None:
    """File a request in the viewer's department. The same `key` again changes nothing: it was a second click."""
    viewer.require("staff")
    with postgres().transaction() as cursor:
        filed = cursor.execute(
            """
            insert into purchase_request (filing_key, requester_id, department, item, amount, reason)
            values (:key, :me, :department, :item, :amount, :reason)
            on conflict (filing_key) do nothing
            returning id
            """,
            {"key": key, "me": viewer.id, "department": viewer.department, **request.model_dump()},
        ).fetchone()
        if filed:
            # In the same transaction: there is no request without its entry, and no entry without its request.
            gatehouse.audit(
                "request.filed", f"request {filed['id']}", transaction=cursor, amount=f"{request.amount:.2f}"
            )


def file_all(viewer: Viewer, requests: Sequence[NewRequest], key: UUID, progress: Callable[[float], object]) -> None:
    """File all of these or, whatever happens, none. The same `key` again changes nothing.

    Args:
        viewer: whose requests they become.
        requests: what was read from a file.
        key: of this import.
        progress: told which part is done, from 0 to 1. What it raises undoes all: Streamlit does once the tab is gone.
    """
    viewer.require("staff")
    with postgres().transaction() as cursor:
        for start in range(0, len(requests), BATCH):
            batch = requests[start : start + BATCH]
            cursor.execute(
                """
                insert into purchase_request (filing_key, requester_id, department, item, amount, reason)
                select filing_key, :me, :department, item, amount, reason
                from unnest(:keys::uuid[], :items::text[], :amounts::numeric[], :reasons::text[])
                    as line (filing_key, item, amount, reason)
                on conflict (filing_key) do nothing
                """,
                {
                    "me": viewer.id,
                    "department": viewer.department,
                    "keys": [uuid5(key, str(start + number)) for number in range(len(batch))],
                    "items": [request.item for request in batch],
                    "amounts": [request.amount for request in batch],
                    "reasons": [request.reason for request in batch],
                },
            )
            progress((start + len(batch)) / len(requests))
        amount = f"{sum(request.amount for request in requests):.2f}"
        gatehouse.audit("requests.imported", f"import {key}", transaction=cursor, requests=len(requests), amount=amount)


def own(viewer: Viewer) -> Rows:
    """The viewer's own requests, newest first, with who decided them (1000 at most)."""
    viewer.require("staff")
    found = postgres().query(
        """
        select r.id, r.created_at, r.item, r.amount, r.status, r.reason, decider.name as decided_by, r.comment
        from purchase_request r left join person decider on decider.id = r.decided_by
        where r.requester_id = :me
        order by r.created_at desc, r.id desc limit 1000
        """,
        {"me": viewer.id},
    )
    return rows(found)


def own_totals(viewer: Viewer) -> dict[str, tuple[int, Decimal]]:
    """How many requests of the viewer's have each status, and what they add up to."""
    viewer.require("staff")
    found = postgres().query(
        """
        select status, count(*) as requests, sum(amount) as amount
        from purchase_request where requester_id = :me group by status
        """,
        {"me": viewer.id},
    )
    return {row["status"]: (row["requests"], row["amount"]) for row in rows(found)}


def of_department(viewer: Viewer, status: Literal["filed", "decided"]) -> Rows:
    """The requests of the viewer's department: those to decide, oldest first, or the latest decisions (200 at most)."""
    viewer.require("approver")
    found = postgres().query(
        """
        select r.id, r.created_at, r.item, r.amount, r.status, r.reason, r.decided_at, r.comment,
               requester.name as requester, decider.name as decided_by, r.requester_id = :me as is_own,
               extract(day from now() - r.created_at)::int as waited,
               count(*) over () as requests, sum(r.amount) over () as total
        from purchase_request r
        join person requester on requester.id = r.requester_id
        left join person decider on decider.id = r.decided_by
        where r.department = :department and (r.status = 'filed') = :waiting
        order by r.decided_at desc, r.created_at, r.id limit 200
        """,
        {"me": viewer.id, "department": viewer.department, "waiting": status == "filed"},
    )
    return rows(found)


def decide(viewer: Viewer, request_id: int, decision: Decision) -> bool:
    """Approve or refuse a request of the viewer's department, once and for all.

    Returns:
        Whether it was this call that decided. False if it was decided before, is the viewer's own, or isn't theirs.
    """
    viewer.require("approver")
    with postgres().transaction() as cursor:
        decided = cursor.execute(
            """
            update purchase_request
            set status = :decision, decided_by = :me, decided_at = now(), comment = nullif(:comment, '')
            where id = :id and status = 'filed' and department = :department and requester_id <> :me
            """,
            {"id": request_id, "me": viewer.id, "department": viewer.department, **decision.model_dump()},
        ).rowcount
        if decided:
            gatehouse.audit(f"request.{decision.decision}", f"request {request_id}", transaction=cursor)
    return decided == 1
