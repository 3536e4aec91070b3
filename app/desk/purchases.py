"""What can be done with purchase requests. Each function checks the viewer's role and sees only what is theirs."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from database import Rows, postgres, rows
from filing import Decision, NewRequest
from people import Viewer


def file(viewer: Viewer, request: NewRequest, key: UUID) -> None:
    """File a request in the viewer's department. The same `key` again changes nothing: it was a second click."""
    viewer.require("staff")
    postgres().execute(
        """
        insert into purchase_request (filing_key, requester_id, department, item, amount, reason)
        values (:key, :me, :department, :item, :amount, :reason)
        on conflict (filing_key) do nothing
        """,
        {"key": key, "me": viewer.id, "department": viewer.department, **request.model_dump()},
    )


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


def of_department(viewer: Viewer, status: Literal["filed", "decided"]) -> Rows:
    """The requests of the viewer's department: those to decide, oldest first, or the latest decisions (200 at most)."""
    viewer.require("approver")
    found = postgres().query(
        """
        select r.id, r.created_at, r.item, r.amount, r.status, r.reason, r.decided_at, r.comment,
               requester.name as requester, decider.name as decided_by, r.requester_id = :me as is_own,
               extract(day from now() - r.created_at)::int as waited
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
    decided = postgres().execute(
        """
        update purchase_request
        set status = :decision, decided_by = :me, decided_at = now(), comment = nullif(:comment, '')
        where id = :id and status = 'filed' and department = :department and requester_id <> :me
        """,
        {"id": request_id, "me": viewer.id, "department": viewer.department, **decision.model_dump()},
    )
    return decided == 1


def spending(viewer: Viewer, months: int) -> Rows:
    """What was approved, by month and department, in this and the `months` - 1 months before (UTC)."""
    viewer.require("finance")
    found = postgres().query(
        """
        select date_trunc('month', decided_at at time zone 'UTC')::date as month, department,
               count(*) as requests, sum(amount)::float8 as amount
        from purchase_request
        where status = 'approved' and decided_at at time zone 'UTC'
              >= date_trunc('month', now() at time zone 'UTC') - make_interval(months => :months - 1)
        group by 1, 2 order by 1, 2
        """,
        {"months": months},
    )
    return rows(found)


def waiting_amount(viewer: Viewer) -> float:
    """What the requests that nobody has decided yet add up to, over all departments."""
    viewer.require("finance")
    found = postgres().query(
        "select coalesce(sum(amount), 0)::float8 as amount from purchase_request where status = 'filed'"
    )
    return float(found["amount"][0])
