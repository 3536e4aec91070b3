"""What people type, and what their files hold, parsed before anything is done with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints, ValidationError, ValidationInfo, field_validator

from gatehouse import uploads

MOST = Decimal(1_000_000)

# \P{Cc} is any character but the control characters: a NUL, say, which Postgres cannot store.
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=120, pattern=r"^\P{Cc}*$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000, pattern=r"^(?:\P{Cc}|[\n\t])*$")]


class NewRequest(BaseModel):
    """A request that may be filed. The amount is in euros."""

    item: Line
    amount: Annotated[Decimal, Field(gt=0, le=MOST, decimal_places=2)]
    reason: Annotated[Text, Field(min_length=10)]


class Decision(BaseModel):
    """A decision on a request. Whoever refuses says why."""

    decision: Literal["approved", "refused"]
    comment: Text

    @field_validator("comment")
    @classmethod
    def _refusal_is_explained(cls, comment: str, info: ValidationInfo) -> str:
        if not comment and info.data.get("decision") == "refused":
            raise ValueError("a refusal needs a comment")
        return comment


class Search(BaseModel):
    """Words to look for; none finds everything."""

    words: Annotated[Text, StringConstraints(max_length=200)] = ""


# What to say beside a field, in place of the platform's general words.
REQUEST = {
    "item": "Name what should be bought, in 3 to 120 characters.",
    "amount": f"Give an amount such as 12.50, above zero and of at most €{MOST:,}.",
    "reason": "Say what it is needed for, in 10 to 1000 characters.",
}
DECISION = {"comment": "Say why, in at most 1000 characters. Only an approval goes without a comment."}


@dataclass(frozen=True)
class Fault:
    """What is wrong in a line of a file."""

    line: int
    column: str
    sentence: str


def requests_of(table: uploads.Table) -> tuple[list[NewRequest], list[Fault]]:
    """Return the requests in a table with the columns item, amount and reason, or what is wrong with it.

    Returns:
        All of its requests and no fault, or no request and each fault.
    """
    missing = [name for name in REQUEST if name not in table.frame.columns]
    if missing:
        return [], [Fault(1, name, "Add a column with this heading.") for name in missing]
    if table.frame.empty:
        return [], [Fault(2, "item", "Add a request: the file holds none.")]
    found, faults = [], []
    cells = table.frame[list(REQUEST)].astype(object)
    for line, values in zip(table.lines, cells.where(cells.notna(), None).itertuples(index=False), strict=True):
        try:
            found.append(NewRequest.model_validate(dict(zip(REQUEST, values, strict=True))))
        except ValidationError as error:
            faults += [Fault(line, name, REQUEST[name]) for name in _wrong(error)]
    return ([], faults) if faults else (found, [])


def _wrong(error: ValidationError) -> Iterable[str]:
    return dict.fromkeys(str(fault["loc"][0]) for fault in error.errors())
