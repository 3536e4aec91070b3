"""Rows of Postgres as a pandas DataFrame, each column of the type that its database type says, rows or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from psycopg import Column
from psycopg.postgres import types

# By the type's number. What is not here stays what psycopg makes of it: Decimal, date, UUID, bytes, list, dict, …
_DTYPES: dict[int, Any] = {
    types[name].oid: dtype
    for names, dtype in (
        (("int2", "int4", "int8", "oid"), pd.Int64Dtype()),
        (("float4", "float8"), pd.Float64Dtype()),
        (("bool",), pd.BooleanDtype()),
        (("text", "varchar", "bpchar", "name"), pd.StringDtype()),
        (("timestamptz",), pd.DatetimeTZDtype("us", "UTC")),
        (("timestamp",), np.dtype("datetime64[us]")),
        (("interval",), np.dtype("timedelta64[us]")),
    )
    for name in names
}


def frame(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> pd.DataFrame:
    """Return the rows as a DataFrame; NULL is missing in every column, and makes no number a float.

    Args:
        columns: a cursor's `description`.
        rows: as tuples.
    """
    values: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    arrays = {number: _array(column, values[number]) for number, column in enumerate(columns)}
    made = pd.DataFrame(arrays, index=pd.RangeIndex(len(rows)), copy=False)
    # Set now: SQL allows two columns of one name.
    made.columns = pd.Index([column.name for column in columns])
    return made


def _array(column: Column, values: Sequence[Any]) -> Any:  # noqa: ANN401 -- numpy's or pandas'
    dtype = _DTYPES.get(column.type_code)
    if dtype is None:
        return np.fromiter(values, dtype=object, count=len(values))
    return pd.array(values, dtype=dtype)
