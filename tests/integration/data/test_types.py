"""What becomes of Postgres's types in a DataFrame, with rows, with NULLs and without any row."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pandas as pd
import pytest
import streamlit as st
from psycopg.types.json import Jsonb

import gatehouse
from support.viewing import seen_by

Postgres = gatehouse.PostgresConnection

SQL = """
    select * from (values
        (9007199254740993::int8, 7::int4, 0.1::float8, true, 'größe'::text, 12345678901234567890.123456789::numeric,
         '2026-03-29 03:30:00+02'::timestamptz, '2026-03-29 02:30:00'::timestamp, '2026-03-29'::date, '02:30'::time,
         '90 minutes'::interval, array[1, null, 3], array['a,b', '{}', null], '{"a": [1, null, "x"]}'::jsonb,
         'null'::json, '5b1c0e1e-0d5a-4c8e-9a55-0c5a3f6d1a01'::uuid, '\\x00ff25'::bytea, 'abc'::varchar(3)),
        (null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null)
    ) as v (big, small, real, yes, text, exact, tz, plain, day, clock, span, numbers, words, jsonb, json, uuid, bytes,
            short)
"""
SQL_CASTS = {"text": "select cast(:value as text) as v", "text[]": "select cast(:value as text[]) as v"}
DTYPES = {
    "big": "Int64", "small": "Int64", "real": "Float64", "yes": "boolean", "text": "string", "exact": "object",
    "tz": "datetime64[us, UTC]", "plain": "datetime64[us]", "day": "object", "clock": "object",
    "span": "timedelta64[us]", "numbers": "object", "words": "object", "jsonb": "object", "json": "object",
    "uuid": "object", "bytes": "object", "short": "string",
}  # fmt: skip


def test_each_type_arrives_as_what_it_is(postgres: Postgres) -> None:
    found = postgres.query(SQL)
    assert {name: str(dtype) for name, dtype in found.dtypes.items()} == DTYPES
    assert found.iloc[0].to_dict() == {
        "big": 9007199254740993,  # a float would make it …992
        "small": 7,
        "real": 0.1,
        "yes": True,
        "text": "größe",
        "exact": Decimal("12345678901234567890.123456789"),
        "tz": pd.Timestamp(datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        "plain": pd.Timestamp("2026-03-29 02:30"),
        "day": date(2026, 3, 29),
        "clock": time(2, 30),
        "span": timedelta(minutes=90),
        "numbers": [1, None, 3],
        "words": ["a,b", "{}", None],
        "jsonb": {"a": [1, None, "x"]},
        "json": None,
        "uuid": UUID("5b1c0e1e-0d5a-4c8e-9a55-0c5a3f6d1a01"),
        "bytes": b"\x00\xff%",
        "short": "abc",
    }
    assert found.iloc[1].isna().all()


def test_without_a_row_columns_and_types_are_the_same(postgres: Postgres) -> None:
    none = postgres.query(SQL + " where false")
    assert len(none) == 0
    assert {name: str(dtype) for name, dtype in none.dtypes.items()} == DTYPES
    assert postgres.query("select from word where false").shape == (0, 0)


def test_two_columns_of_one_name_are_both_there(postgres: Postgres) -> None:
    found = postgres.query("select 1 as n, 'x' as n")
    assert found.columns.tolist() == ["n", "n"]
    assert found.iloc[0].tolist() == [1, "x"]


def test_batches_have_the_same_types(postgres: Postgres) -> None:
    (batch,) = postgres.batches(SQL)
    pd.testing.assert_frame_equal(batch, postgres.query(SQL))


def test_what_was_kept_is_equal_to_what_was_read(postgres: Postgres) -> None:
    with seen_by("sam"):
        for _ in range(2):
            pd.testing.assert_frame_equal(postgres.query(SQL, ttl=60), postgres.query(SQL))


@pytest.mark.parametrize(
    "value",
    [
        Decimal("0.10"), 2**62, True, None, "it's :a % text", date(2026, 2, 28), datetime(2026, 2, 28, 12, tzinfo=UTC),
        [1, 2], ["a", None], UUID(int=5), b"\x00%s", timedelta(hours=30), Jsonb({"k": ["v", None]}),
    ],
    ids=repr,
)  # fmt: skip
def test_what_goes_in_comes_out(postgres: Postgres, value: object) -> None:
    # Text, and NULL, is of no type by itself.
    cast = "text[]" if value == ["a", None] else "text" if value is None or isinstance(value, str) else None
    sql = SQL_CASTS.get(cast or "", "select :value as v")
    found = postgres.query(sql, {"value": value})["v"][0]
    if value is None:
        assert pd.isna(found)
    else:
        assert found == (value.obj if isinstance(value, Jsonb) else value)


def test_streamlit_shows_them_all(postgres: Postgres) -> None:
    """st.dataframe hands rows to the browser as Arrow."""
    sent: list[object] = []
    with seen_by("sam", enqueue=sent.append):
        st.dataframe(postgres.query(SQL))
    assert sent
