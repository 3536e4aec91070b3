"""Which colon is a placeholder's."""

from __future__ import annotations

import pytest

from gatehouse.data.placeholders import PlaceholderError, check, convert


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("select :a", "a"),
        ("select * from t where a=:a and b>:b_2 and c in (:c,:d)", "a b_2 c d"),
        ("select :a || :a", "a"),
        ("select :größe", "größe"),
        ("select ':a'", ""),
        ("select 'it''s :a', :b", "b"),
        (r"select E'it\'s :a', :b", "b"),
        (r"select e'\\', :b, ':c'", "b"),
        (r"select '\', :b", "b"),
        (r"select U&'d\0061t :a', :b", "b"),
        ("select 'a'\n':b', :c", "c"),
        ("select date':x', N':y', B':1', :z", "z"),
        ('select ":a", "x"":b", :c', "c"),
        ("select 1 -- :a\n, :b", "b"),
        ("select 1 -- it's\n, :b", "b"),
        ("select /* :a /* :b */ :c */ :d", "d"),
        ("select /* it's */ :d /* no end :e", "d"),
        ("select $$ :a $$, :b", "b"),
        ("select $x$ :a $$ :b $x$, :c", "c"),
        ("select a$1$b, :c, d$1$e", "c"),
        ("select a::text, :b::int, cast(:c as text)::varchar", "b c"),
        ("select tags[1:2], tags[:from], tags[lo:hi], tags[(1):x], tags[t[1]:x]", "from"),
        ("call f(a := :b, c:=:d)", "b d"),
        ("select '12:30:00'::time, 12:30", ""),
        ("select j->':k', j @> :v, 5 % :m, x like '50%:p'", "v m"),
        ("select a?:b", "b"),
        ("select : a, :1, :", ""),
        ("", ""),
    ],
)
def test_names(sql: str, names: str) -> None:
    converted, found = convert(sql)
    assert sorted(found) == sorted(names.split())
    # What psycopg would send, were each value its own placeholder again.
    assert converted % {name: f":{name}" for name in found} == sql


def test_a_long_statement_is_read_in_no_time() -> None:
    for part in ("'", '"', "/*", "$a$", "$", ":", "e'\\", "--\n", "a$"):
        convert(part * 50_000)


def test_parameters_that_do_not_fit_are_named_without_their_value() -> None:
    check(frozenset({"a"}), {"a": 1})
    with pytest.raises(PlaceholderError, match="the SQL has :b, but params has no 'b'"):
        check(frozenset({"a", "b"}), {"a": 1})
    with pytest.raises(PlaceholderError, match="params has 'c', but the SQL has no :c") as error:
        check(frozenset({"a"}), {"a": 1, "c": "private"})
    assert "private" not in str(error.value)
