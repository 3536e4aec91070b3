from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

SCRIPT = """
from decimal import Decimal
from typing import Annotated, Literal
import streamlit as st
from pydantic import BaseModel, Field, StringConstraints, field_validator, model_validator
import gatehouse

class Order(BaseModel):
    seats: Annotated[int, Field(ge=1, le=10)]
    price: Annotated[Decimal, Field(gt=0, decimal_places=2)]
    code: Annotated[str, StringConstraints(min_length=3)]
    size: Literal["S", "M"] = "S"
    age: int | None = None

    @field_validator("code")
    @classmethod
    def _known(cls, code):
        if code == "[x](http://evil)":
            raise ValueError(f"no such code: {code}")
        return code

    @model_validator(mode="after")
    def _affordable(self):
        if self.seats * self.price > 100:
            raise ValueError("too much in all")
        return self

form = gatehouse.Form(Order, {"size": "Pick **S** or M."})
with st.form("order"):
    form["seats"] = st.text_input("Seats", key="seats")
    form["price"] = st.number_input("Price", value=None, key="price")
    form["code"] = st.text_input("Code", key="code")
    form["size"] = st.text_input("Size", key="size")
    form["age"] = st.text_input("Age", key="age")
    sent = st.form_submit_button("Order")
if sent and (order := form.parse()):
    st.text(repr(order))
"""


@pytest.fixture
def page(place: Path) -> AppTest:
    return AppTest.from_string(SCRIPT).run()


def send(page: AppTest, price: float | None = 2.5, /, **texts: str) -> list[str]:
    """Fill in what is good but for `texts`, and return what is said to be wrong, from top to bottom."""
    for key, value in ({"seats": "2", "code": "abc", "size": "", "age": ""} | texts).items():
        page.text_input(key=key).set_value(value)
    if price is not None:
        page.number_input(key="price").set_value(price)
    page.button[0].click().run()
    assert not page.exception
    return [error.value for error in page.error]


def test_good_values_become_the_model(page: AppTest) -> None:
    assert send(page, seats=" 2 ", code="abc", size="M", age="40") == []
    assert page.text[0].value == "Order(seats=2, price=Decimal('2.5'), code='abc', size='M', age=40)"


def test_a_field_left_empty_takes_its_default(page: AppTest) -> None:
    assert send(page) == []
    assert page.text[0].value.endswith("size='S', age=None)")


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({"seats": ""}, "Please fill this in."),
        ({"seats": "²"}, "Enter a whole number."),
        ({"seats": "two"}, "Enter a whole number."),
        ({"seats": "1.5"}, "Enter a whole number."),
        ({"seats": "1" * 10_000}, "This number is too long."),
        ({"seats": "0"}, "Enter 1 or more."),
        ({"seats": "11"}, "Enter 10 or less."),
        ({"code": "ab"}, "Enter at least 3 characters."),
        ({"code": "[x](http://evil)"}, r"No such code\: \[x\]\(http\://evil\)"),
        ({"size": "XL"}, "Pick **S** or M."),
        ({"age": "old"}, "Enter a whole number."),
    ],
)
def test_a_wrong_value_is_said_so_in_words(page: AppTest, texts: dict[str, str], told: str) -> None:
    assert send(page, **texts) == [told]
    assert not page.text


def test_several_faults_stand_each_under_its_field(page: AppTest) -> None:
    assert send(page, -1, seats="x", code="") == [
        "Enter a whole number.",
        "Enter something above 0.",
        "Please fill this in.",
    ]
    shown = [element.type for element in page.main if element.type in ("text_input", "number_input", "error")]
    assert shown[:6] == ["text_input", "error", "number_input", "error", "text_input", "error"]


def test_a_number_not_given_is_asked_for(page: AppTest) -> None:
    assert send(page, None) == ["Please fill this in."]


def test_what_is_wrong_with_the_whole_is_said_too(page: AppTest) -> None:
    assert send(page, 60) == ["Too much in all"]


def test_a_name_that_the_model_lacks_is_the_authors_mistake(place: Path) -> None:
    page = AppTest.from_string(SCRIPT.replace('form["seats"]', 'form["seets"]')).run()
    assert "Order has no field 'seets'; it has seats, price" in page.exception[0].message


def test_a_field_that_was_not_shown_is_named(place: Path) -> None:
    script = SCRIPT.replace('form["seats"] = st.text_input("Seats", key="seats")', 'st.text_input("x", key="seats")')
    assert send(AppTest.from_string(script).run()) == ["seats: Please fill this in."]
