from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from filing import Decision, NewRequest, faults

GOOD = {"item": "Standing desk", "amount": "549.00", "reason": "Back pain, says the doctor"}


def wrong_fields(**changed: str | None) -> set[str]:
    with pytest.raises(ValidationError) as caught:
        NewRequest.model_validate(GOOD | changed)
    sentences = faults(caught.value)
    assert all(sentence.endswith(".") for sentence in sentences.values())
    return set(sentences)


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


def test_each_wrong_field_has_its_own_sentence() -> None:
    assert wrong_fields(item="", amount=None, reason="") == {"item", "amount", "reason"}


def test_refusal_needs_a_comment() -> None:
    assert not Decision.model_validate({"decision": "approved", "comment": "  "}).comment
    with pytest.raises(ValidationError) as caught:
        Decision.model_validate({"decision": "refused", "comment": "  "})
    assert set(faults(caught.value)) == {"comment"}


def test_no_third_decision() -> None:
    with pytest.raises(ValidationError):
        Decision.model_validate({"decision": "filed", "comment": "undo"})
