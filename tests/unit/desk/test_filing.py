from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

import filing
from filing import Decision, Fault, NewRequest
from gatehouse import uploads

GOOD = {"item": "Standing desk", "amount": "549.00", "reason": "Back pain, says the doctor"}


def wrong_fields(**changed: str | None) -> set[str]:
    with pytest.raises(ValidationError) as caught:
        NewRequest.model_validate(GOOD | changed)
    return {str(fault["loc"][0]) for fault in caught.value.errors()}


def test_good_request_is_stripped_and_exact() -> None:
    request = NewRequest.model_validate(GOOD | {"item": "  Standing desk\t", "amount": "0.10"})
    assert (request.item, request.amount) == ("Standing desk", Decimal("0.10"))


@pytest.mark.parametrize(
    "text", ["Überwachung \N{SNOWMAN}", "<b>bold</b> **x**", "'; drop table person; --", "a" * 120]
)
def test_odd_but_honest_items_are_kept_as_typed(text: str) -> None:
    assert NewRequest.model_validate(GOOD | {"item": text}).item == text


@pytest.mark.parametrize("item", ["", "  ", " ab ", "a" * 121, "a\x00bc", "two\nlines", "\x1b[31mred"])
def test_item_refused(item: str) -> None:
    assert wrong_fields(item=item) == {"item"}


@pytest.mark.parametrize("amount", [None, "", "0", "-1", "0.001", "1000000.01", "NaN", "Infinity", "1e400", "ten"])
def test_amount_refused(amount: str | None) -> None:
    assert wrong_fields(amount=amount) == {"amount"}


@pytest.mark.parametrize("reason", ["", "too short", "a" * 1001, "with a NUL \x00 in it"])
def test_reason_refused(reason: str) -> None:
    assert wrong_fields(reason=reason) == {"reason"}


def test_reason_may_have_lines() -> None:
    assert NewRequest.model_validate(GOOD | {"reason": "First line\nand a second"}).reason.count("\n") == 1


def test_each_field_has_its_own_sentence() -> None:
    assert set(filing.REQUEST) == set(NewRequest.model_fields)
    assert all(sentence.endswith(".") for sentence in [*filing.REQUEST.values(), *filing.DECISION.values()])


def test_refusal_needs_a_comment() -> None:
    assert not Decision.model_validate({"decision": "approved", "comment": "  "}).comment
    with pytest.raises(ValidationError) as caught:
        Decision.model_validate({"decision": "refused", "comment": "  "})
    assert {fault["loc"] for fault in caught.value.errors()} == {("comment",)}


def test_no_third_decision() -> None:
    with pytest.raises(ValidationError):
        Decision.model_validate({"decision": "filed", "comment": "undo"})


def table(text: str) -> uploads.Table:
    return uploads.check(text.encode(), uploads.Csv(text=True), name="requests.csv")


def test_a_file_becomes_requests_with_exact_amounts() -> None:
    found, faults = filing.requests_of(
        table("reason;amount;item;note\nNeeded for the tests;0.10;Chair;x\n\nNeeded as well;0012;Desk;\n")
    )
    assert not faults
    assert [(one.item, one.amount) for one in found] == [("Chair", Decimal("0.10")), ("Desk", Decimal(12))]


def test_each_wrong_line_is_named_by_its_number_in_the_file_and_nothing_is_kept() -> None:
    found, faults = filing.requests_of(
        table(
            "item,amount,reason\nChair,1,Needed for the tests\n\n"
            'Desk,"1.234,56",Needed for the tests\nLamp,5,"One line\nand another"\n,NaN,short\n'
        )
    )
    assert found == []
    assert [(fault.line, fault.column) for fault in faults] == [
        (4, "amount"),
        (7, "item"),
        (7, "amount"),
        (7, "reason"),
    ]
    assert faults[0].sentence == filing.REQUEST["amount"]


def test_a_file_without_the_columns_or_without_a_line_says_so() -> None:
    assert filing.requests_of(table("Item,amount\nChair,1\n")) == (
        [],
        [Fault(1, "item", "Add a column with this heading."), Fault(1, "reason", "Add a column with this heading.")],
    )
    assert filing.requests_of(table("item,amount,reason\n"))[1][0].line == 2
