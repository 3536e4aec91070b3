"""What people type, parsed before anything is done with it, with a sentence to show beside each wrong field."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints, ValidationError, ValidationInfo, field_validator

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


HELP = {
    "item": "Name what should be bought, in 3 to 120 characters.",
    "amount": f"Give an amount above zero, of at most €{MOST:,}.",
    "reason": "Say what it is needed for, in 10 to 1000 characters.",
    "comment": "Say why, in at most 1000 characters. Only an approval goes without a comment.",
}


def faults(error: ValidationError) -> dict[str, str]:
    """Return, for each wrong field, the sentence to show beside it."""
    return {name: HELP[name] for name in (str(fault["loc"][0]) for fault in error.errors())}
