"""All departments' requests, for those who look after the money."""

from __future__ import annotations

import pandas as pd

from database import Rows, postgres, rows
from people import Viewer

MOST = 10_000


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


def departments(viewer: Viewer) -> list[str]:
    """The names of those that have requests."""
    viewer.require("finance", "auditor")
    found = postgres().query("select distinct department from purchase_request order by department")
    return list(found["department"])


def search(viewer: Viewer, words: str, department: str | None, status: str | None) -> pd.DataFrame:
    """The requests in which `words` stand, newest first (MOST at most). None: of any department, of any status."""
    viewer.require("finance", "auditor")
    return postgres().query(
        """
        select r.id, r.created_at, r.department, requester.name as requester, r.item, r.amount, r.reason, r.status,
               r.decided_at, decider.name as decided_by, r.comment
        from purchase_request r
        join person requester on requester.id = r.requester_id
        left join person decider on decider.id = r.decided_by
        where strpos(lower(concat_ws(' ', r.item, r.reason, requester.name)), lower(:words)) > 0
          and r.department = coalesce(:department, r.department) and r.status = coalesce(:status, r.status)
        order by r.id desc limit :most
        """,
        {"words": words, "department": department, "status": status, "most": MOST},
    )
