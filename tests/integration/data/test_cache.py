"""What is kept, and for whom."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import psycopg
import pytest
import streamlit as st
from sqlalchemy import Connection, event, text

import gatehouse
from integration.postgres.server import Server
from support.viewing import seen_by

Postgres = gatehouse.PostgresConnection
ALL = "select body from note order by id"
NOW = "select clock_timestamp() as now"


@pytest.mark.usefixtures("notes")
def test_streamlits_own_query_leaks_rows_to_the_next_viewer_and_ours_does_not(postgres: Postgres) -> None:
    """Even where each of its transactions says who asks: its cache goes by SQL and parameters alone."""
    streamlits = st.connection("orders", type="sql")

    @event.listens_for(streamlits.engine, "begin")
    def introduce(connection: Connection) -> None:
        person = gatehouse.viewer()
        connection.execute(
            text("select set_config('gatehouse.issuer', :i, true), set_config('gatehouse.subject', :s, true)"),
            {"i": person.issuer, "s": person.subject},
        )

    with seen_by("sam"):
        for connection in (streamlits, postgres):
            assert connection.query(ALL, ttl=600)["body"].tolist() == ["sam 1", "sam 2"]
    with seen_by("mia"):
        assert streamlits.query(ALL, ttl=0)["body"].tolist() == ["mia 1"]
        assert streamlits.query(ALL, ttl=600)["body"].tolist() == ["sam 1", "sam 2"], "Streamlit's leaks no more?"
        assert postgres.query(ALL, ttl=600)["body"].tolist() == ["mia 1"]
    assert postgres.query(ALL, ttl=600).empty


@pytest.mark.parametrize("ttl", [60, 60.5, timedelta(minutes=1), "1m"])
def test_a_result_is_kept_for_its_viewer_as_they_are(postgres: Postgres, ttl: float | timedelta | str) -> None:
    def now() -> str:
        return str(postgres.query(NOW, ttl=ttl)["now"][0])

    found = []
    for subject, roles in (("sam", ()), ("mia", ()), ("sam", ("finance",)), ("sam", ("finance", "staff"))):
        with seen_by(subject, *roles):
            found.append(now())
            assert now() == found[-1]
    with seen_by("sam", issuer="https://other.example"):
        found.append(now())
    assert len(set(found)) == 5
    with seen_by("sam", "staff", "finance"):
        assert now() == found[3]


def test_without_a_ttl_and_with_none_left_it_is_asked_again(postgres: Postgres) -> None:
    with seen_by("sam"):
        for ttl in (None, 0, timedelta(0)):
            assert postgres.query(NOW, ttl=ttl)["now"][0] != postgres.query(NOW, ttl=ttl)["now"][0]


def test_other_parameters_are_another_question(postgres: Postgres) -> None:
    echo = "select cast(:x as text) as x"
    values = ["1", "True", "", None, "none"]
    with seen_by("sam"):
        for _ in range(2):
            for value in values:
                found = postgres.query(echo, {"x": value}, ttl=60)["x"][0]
                assert (None if pd.isna(found) else found) == value
    numbers = "select :x::text as x"
    assert [postgres.query(numbers, {"x": x}, ttl=60)["x"][0] for x in (1, True, 1.5)] == ["1", "true", "1.5"]


def test_a_script_may_change_what_it_was_given(postgres: Postgres) -> None:
    sql = "select 1 as a, array[1, 2] as b"
    with seen_by("sam"):
        found = postgres.query(sql, ttl=60)
        found.loc[0, "a"] = 99
        found["b"][0].append(99)
        found["c"] = "x"
        again = postgres.query(sql, ttl=60)
    assert again.columns.tolist() == ["a", "b"]
    assert again["a"].tolist() == [1]
    assert again["b"].tolist() == [[1, 2]]


def test_shared_is_kept_for_all_and_apart_from_a_viewers(postgres: Postgres) -> None:
    found = []
    for subject in ("sam", "mia"):
        with seen_by(subject):
            found += [postgres.query(NOW, ttl=60, shared=True)["now"][0], postgres.query(NOW, ttl=60)["now"][0]]
    assert found[0] == found[2]
    assert len(set(found)) == 3


def test_an_error_is_not_kept(postgres: Postgres, server: Server) -> None:
    with seen_by("sam"):
        with pytest.raises(psycopg.errors.UndefinedTable):
            postgres.query("select * from soon", ttl=600)
        server.superuser("CREATE TABLE app.soon (); GRANT SELECT ON app.soon TO app_rw")
        try:
            assert postgres.query("select * from soon", ttl=600).empty
        finally:
            server.superuser("DROP TABLE app.soon")


def test_what_is_kept_is_bounded(postgres: Postgres) -> None:
    """Of 64 MB each; 20 results of 10 MB do not all stay."""
    sql = "select repeat(md5(:n), 327680) as text, clock_timestamp() as now"
    with seen_by("sam"):
        first = postgres.query(sql, {"n": "0"}, ttl=600)["now"][0]
        for number in range(1, 8):
            postgres.query(sql, {"n": str(number)}, ttl=600)
        assert postgres.query(sql, {"n": "0"}, ttl=600)["now"][0] != first


def test_a_spinner_is_shown_where_it_was_asked_for(postgres: Postgres) -> None:
    sent: list[object] = []
    with seen_by("sam", enqueue=sent.append):
        postgres.query("select pg_sleep(1)", show_spinner=False)
        assert not any("Asking" in str(message) for message in sent)
        for ttl in (None, 60):
            sent.clear()
            postgres.query("select pg_sleep(1)", ttl=ttl, show_spinner="Asking")
            assert any("Asking" in str(message) for message in sent), ttl
