"""Offers and receipts of requests: files as rows, under the same row-level security as the requests they belong to."""

from __future__ import annotations

from uuid import UUID

import gatehouse
from database import Rows, postgres, rows
from gatehouse import uploads
from people import Viewer

MOST = 10
"""Of one request; migrations/0003_receipts.sql holds it, too."""


def requests(viewer: Viewer) -> Rows:
    """The requests that the policies let the viewer see, newest first (1000 at most)."""
    viewer.require("staff", "approver", "finance", "auditor")
    found = postgres().query(
        """
        select r.id, r.item, r.amount, r.status, r.department, r.requester_id = :me as is_own
        from purchase_request r order by r.id desc limit 1000
        """,
        {"me": viewer.id},
    )
    return rows(found)


def of_request(viewer: Viewer, request_id: int) -> Rows:
    """What was handed in for a request, without its content. `size` is in bytes."""
    viewer.require("staff", "approver", "finance", "auditor")
    found = postgres().query(
        """
        select id, name, mime, octet_length(content) as size, created_at
        from receipt where request_id = :request order by number
        """,
        {"request": request_id},
    )
    return rows(found)


def add(viewer: Viewer, request_id: int, file: uploads.File) -> bool:
    """Keep a checked file for a request of the viewer's own.

    Returns:
        Whether it is kept. False if the request is not theirs, was refused, or has as many as it may have.
    """
    viewer.require("staff")
    with postgres().transaction() as cursor:
        added = cursor.execute(
            """
            insert into receipt (id, request_id, number, name, mime, content)
            select :id, r.id, 1 + (select count(*) from receipt where request_id = r.id), :name, :mime, :content
            from purchase_request r
            where r.id = :request and r.requester_id = :me and r.status <> 'refused'
              and (select count(*) from receipt where request_id = r.id) < :most
            on conflict do nothing
            """,
            {"request": request_id, "me": viewer.id, "most": MOST, "id": file.id}
            | {"name": file.name, "mime": file.mime, "content": file.content},
        ).rowcount
        if added:
            gatehouse.audit("receipt.added", f"request {request_id}", transaction=cursor, receipt=file.id)
    return added == 1


def content(viewer: Viewer, receipt_id: UUID) -> bytes | None:
    """The bytes of a receipt, or None if there is none that the viewer may see."""
    viewer.require("staff", "approver", "finance", "auditor")
    found = postgres().query("select content from receipt where id = :id", {"id": receipt_id})
    return bytes(found["content"][0]) if len(found) else None
