"""Forms whose values are parsed before anything is done with them, with what is wrong said under each field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import streamlit as st
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from streamlit.delta_generator import DeltaGenerator

M = TypeVar("M", bound=BaseModel)

# By pydantic's type of error, with what its context names; pydantic's own words are for developers.
_SENTENCES = {
    "missing": "Please fill this in.",
    "string_too_short": "Enter at least {min_length} characters.",
    "string_too_long": "Enter at most {max_length} characters.",
    "string_pattern_mismatch": "This does not have the form it should have.",
    "greater_than": "Enter something above {gt}.",
    "greater_than_equal": "Enter {ge} or more.",
    "less_than": "Enter something below {lt}.",
    "less_than_equal": "Enter {le} or less.",
    "multiple_of": "Enter a multiple of {multiple_of}.",
    "decimal_max_places": "Enter at most {decimal_places} digits after the point.",
    "decimal_max_digits": "Enter at most {max_digits} digits.",
    "decimal_whole_digits": "Enter at most {whole_digits} digits before the point.",
    "finite_number": "Enter a number.",
    "int_from_float": "Enter a whole number.",
    "int_parsing_size": "This number is too long.",
    "too_short": "Choose at least {min_length}.",
    "too_long": "Choose at most {max_length}.",
    "literal_error": "Choose one of those offered.",
    "enum": "Choose one of those offered.",
    "date_past": "Enter a day in the past.",
    "date_future": "Enter a day in the future.",
}
# By what the type of error begins with.
_TYPES = {
    "int": "Enter a whole number.",
    "float": "Enter a number.",
    "decimal": "Enter a number.",
    "date": "Enter a date, such as 2026-12-31.",
    "time": "Enter a time, such as 09:30.",
    "uuid": "Enter an identifier such as 123e4567-e89b-12d3-a456-426614174000.",
    "url": "Enter a web address, such as https://example.com.",
}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])")


class Form(Generic[M]):
    """Values of widgets on their way into a pydantic model.

        class Order(BaseModel):
            seats: Annotated[int, Field(ge=1, le=10)]

        form = gatehouse.Form(Order)
        with st.form("order"):
            form["seats"] = st.text_input("Seats")
            sent = st.form_submit_button("Order")
        if sent and (order := form.parse()):
            book(order.seats)

    What is wrong with a field is shown where its value was assigned: right under its widget.
    """

    def __init__(self, model: type[M], sentences: Mapping[str, str] | None = None) -> None:
        """Begin an empty form.

        Args:
            model: what the values become.
            sentences: by field, what to say (Markdown) if its value is wrong, in place of the general words.
        """
        self._model = model
        self._sentences = dict(sentences or {})
        self._values: dict[str, Any] = {}
        self._places: dict[str, DeltaGenerator] = {}
        for name in self._sentences:
            self._check_name(name)

    def __setitem__(self, field: str, value: object) -> None:
        """Take the value of a widget, and keep the place under it for what may be wrong.

        Raises:
            KeyError: if the model has no such field.
        """
        self._check_name(field)
        # Nothing entered: a field with a default takes it.
        if not self._model.model_fields[field].is_required() and _is_blank(value):
            self._values.pop(field, None)
        else:
            self._values[field] = value
        self._places[field] = st.empty()

    def parse(self) -> M | None:
        """Return the model, or None after saying under each field what is wrong with it."""
        try:
            return self._model.model_validate(self._values)
        except ValidationError as error:
            self._show(error.errors(include_url=False))
            return None

    def _show(self, faults: list[ErrorDetails]) -> None:
        elsewhere = []
        for fault in reversed(faults):  # of several with one field, its first is shown
            field = str(fault["loc"][0]) if fault["loc"] else ""
            sentence = self._sentences.get(field) or _sentence(fault)
            if field in self._places:
                self._places[field].error(sentence, icon=":material/error:")
            else:
                elsewhere.append(f"{field}: {sentence}" if field else sentence)
        for sentence in reversed(elsewhere):
            st.error(sentence, icon=":material/error:")

    def _check_name(self, field: str) -> None:
        if field not in self._model.model_fields:
            known = ", ".join(self._model.model_fields)
            raise KeyError(f"{self._model.__name__} has no field {field!r}; it has {known}")


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _sentence(fault: ErrorDetails) -> str:
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "value_error":
        # A validator of the author's. It may quote what was typed, which is no Markdown.
        words = str(context.get("error", "")).strip()
        return _MARKDOWN.sub(r"\\\1", words[:1].upper() + words[1:]) or "This is not valid."
    if kind != "missing" and _is_blank(fault["input"]):
        kind = "missing"
    if kind in _SENTENCES:
        return _SENTENCES[kind].format_map(context)
    return _TYPES.get(kind.partition("_")[0], "This is not valid.")
