"""Whose rows a query sees: row-level security by the viewer that each transaction names."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier

import psycopg
import pytest
import streamlit as st
from streamlit.runtime.scriptrunner import StopException
from streamlit.testing.v1 import AppTest

import gatehouse
from gatehouse.data.asker import CachedForAll
from gatehouse.data.placeholders import PlaceholderError
from support.viewing import seen_by

pytestmark = pytest.mark.usefixtures("notes")
ALL = "select body from note order by id"
WHO = """select coalesce(current_setting('gatehouse.issuer', true), '') || coalesce(current_setting('gatehouse.subject',
         true), '') as who, current_setting('gatehouse.roles', true) as roles"""

Postgres = gatehouse.PostgresConnection


def bodies(postgres: Postgres) -> list[str]:
    """What a query without any WHERE returns."""
    return postgres.query(ALL)["body"].tolist()


def one_connection(postgres: Postgres) -> None:
    pool = postgres._instance  # noqa: SLF001 -- so that one viewer gets another's connection
    pool.resize(1, 1)
    pool.wait()


def test_two_viewers_on_one_pooled_connection_see_their_own(postgres: Postgres) -> None:
    one_connection(postgres)
    seen = set()
    for _ in range(3):
        with seen_by("sam"):
            assert bodies(postgres) == ["sam 1", "sam 2"]
            seen.add(postgres.query("select pg_backend_pid() as pid")["pid"][0])
        with seen_by("mia"):
            assert bodies(postgres) == ["mia 1"]
            seen.add(postgres.query("select pg_backend_pid() as pid")["pid"][0])
    assert len(seen) == 1


def test_an_account_is_issuer_and_subject(postgres: Postgres) -> None:
    with seen_by("sam", issuer="https://other.example"):
        assert bodies(postgres) == []


def test_nobody_gets_no_row_and_can_write_none(postgres: Postgres) -> None:
    assert bodies(postgres) == []
    assert postgres.execute("update note set body = 'x'") == 0
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        postgres.execute("insert into note (issuer, subject, body) values ('', 'sam', 'forged')")


def test_a_name_is_text_whatever_it_holds(postgres: Postgres) -> None:
    for subject in (
        "o'hara",
        'a"b',
        "x\\'; drop table note; --",
        "', true); select 1; --",
        "%(a)s %s %",
        ":a",
        "größe",
    ):
        with seen_by(subject, "a'b", 'c"\\'):
            found = postgres.query(WHO)
            assert found["who"][0] == f"https://id.example{subject}"
            assert found["roles"][0] is not None


def test_of_another_viewer_nothing_is_changed(postgres: Postgres) -> None:
    with seen_by("mia"):
        assert postgres.execute("update note set body = 'mine'") == 1
        assert postgres.execute("delete from note") == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            postgres.execute(
                "insert into note (issuer, subject, body) values ('https://id.example', :subject, 'x')",
                {"subject": "sam"},
            )
    with seen_by("sam"):
        assert bodies(postgres) == ["sam 1", "sam 2"]


class Broken(Exception):  # noqa: N818
    pass


def test_after_an_exception_in_mid_transaction_the_next_viewer_is_themselves(postgres: Postgres) -> None:
    one_connection(postgres)

    def fails() -> None:
        with postgres.transaction() as cursor:
            cursor.execute("update note set body = 'half'")
            cursor.execute("select set_config('gatehouse.subject', 'sam', false), pg_advisory_lock(7)")
            raise Broken

    def fails_in_sql() -> None:
        with postgres.transaction() as cursor:
            cursor.execute("update note set body = 'half'")
            cursor.execute("select 1/0")

    for failing, error in ((fails, Broken), (fails_in_sql, psycopg.errors.DivisionByZero)):
        with seen_by("sam"), pytest.raises(error):
            failing()
        with seen_by("mia"):
            assert bodies(postgres) == ["mia 1"]
        assert bodies(postgres) == []
        assert postgres.query(WHO, shared=True)["who"][0] == ""
        locks = "select count(*) as n from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()"
        assert postgres.query(locks)["n"][0] == 0
    with seen_by("sam"):
        assert bodies(postgres) == ["sam 1", "sam 2"]


def test_stop_and_rerun_roll_back(postgres: Postgres) -> None:
    def stops() -> None:
        with postgres.transaction() as cursor:
            cursor.execute("delete from note")
            raise StopException  # as st.stop() does

    with seen_by("sam"):
        with pytest.raises(StopException):
            stops()
        assert len(bodies(postgres)) == 2


def test_an_error_that_was_caught_is_told_at_the_end(postgres: Postgres) -> None:
    def swallows() -> None:
        with postgres.transaction() as cursor:
            cursor.execute("delete from note")
            with suppress(psycopg.Error):
                cursor.execute("select 1/0")

    with seen_by("sam"):
        with pytest.raises(psycopg.errors.InFailedSqlTransaction, match="nothing of it was committed"):
            swallows()
        assert len(bodies(postgres)) == 2


def test_what_a_viewer_left_in_the_connection_is_gone(postgres: Postgres) -> None:
    one_connection(postgres)
    with seen_by("sam"), postgres.transaction() as cursor:
        cursor.execute("select set_config('gatehouse.subject', 'sam', false)")
        cursor.execute("set statement_timeout = 0")
        cursor.connection.row_factory = psycopg.rows.dict_row
        cursor.connection.commit()
        cursor.execute("begin")
    with seen_by("mia"):
        assert bodies(postgres) == ["mia 1"]
        assert postgres.query("select current_setting('statement_timeout') as t")["t"][0] == "15s"


def test_shared_asks_as_nobody_whoever_looks(postgres: Postgres) -> None:
    with seen_by("sam", "staff"):
        assert postgres.query(ALL, shared=True).empty
        assert postgres.query(WHO, shared=True).iloc[0].tolist() == ["", "[]"]
        assert postgres.query("select word from word", shared=True, ttl=60)["word"].tolist() == ["common"]


def test_threads_of_many_viewers_do_not_mix(postgres: Postgres) -> None:
    together = Barrier(8)

    def ask(number: int) -> list[list[str]]:
        together.wait()
        with seen_by(("sam", "mia")[number % 2]):
            return [bodies(postgres) for _ in range(25)]

    with ThreadPoolExecutor(8) as threads:
        for number, found in enumerate(threads.map(ask, range(8))):
            assert found == [(["sam 1", "sam 2"], ["mia 1"])[number % 2]] * 25


def test_a_thread_of_the_apps_own_is_nobody(postgres: Postgres) -> None:
    with seen_by("sam"), ThreadPoolExecutor(1) as threads:
        assert threads.submit(bodies, postgres).result() == []


PARALLEL = """
import streamlit as st
import gatehouse
postgres = st.connection("postgres", type=gatehouse.PostgresConnection)

@st.fragment(parallel=True)
def part(number):
    for _ in range(10):
        found = postgres.query("select body from note order by id")["body"].tolist()
        cached = postgres.query("select body from note order by id", ttl=60)["body"].tolist()
        st.text(" ".join(found + cached))

for number in range(4):
    part(number)
"""


@pytest.mark.usefixtures("postgres")
def test_parallel_fragments_are_their_viewers(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(PARALLEL, encoding="utf-8")

    def look(subject: str) -> list[str]:
        app = AppTest.from_file(tmp_path / "main.py", default_timeout=30)
        app.user = {"is_logged_in": True, "iss": "https://id.example", "sub": subject}
        app.run()
        assert not app.exception
        return [text.value for text in app.text]

    for subject, seen in (
        ("sam", "sam 1 sam 2 sam 1 sam 2"),
        ("mia", "mia 1 mia 1"),
        ("sam", "sam 1 sam 2 sam 1 sam 2"),
    ):
        assert look(subject) == [seen] * 40


def test_inside_a_function_cached_for_all_a_viewer_is_refused(postgres: Postgres) -> None:
    @st.cache_data
    def load() -> list[str]:
        return bodies(postgres)

    @st.cache_data
    def shared() -> int:
        return len(postgres.query("select word from word", shared=True))

    with seen_by("sam"):
        with pytest.raises(CachedForAll, match="ttl"):
            load()
        assert shared() == 1


def test_a_query_cannot_write(postgres: Postgres) -> None:
    with seen_by("sam"):
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            postgres.query("delete from note returning id")
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            list(postgres.batches("with gone as (delete from note returning id) select * from gone"))
        with pytest.raises(psycopg.ProgrammingError, match="execute"):
            postgres.query("set local work_mem = '1MB'")


@pytest.mark.parametrize("tail", ["delete from note", "commit; delete from note", "set gatehouse.subject = 'sam'"])
def test_a_second_statement_is_refused_even_in_careless_sql(postgres: Postgres, tail: str) -> None:
    careless = "select body from note where id = 1; " + tail  # noqa: S608
    with seen_by("sam"):
        for ask in (postgres.query, postgres.execute, lambda sql: list(postgres.batches(sql))):
            with pytest.raises(psycopg.errors.SyntaxError):
                ask(careless)
        assert len(bodies(postgres)) == 2


def test_parameters_must_fit(postgres: Postgres) -> None:
    with pytest.raises(PlaceholderError, match="no 'id'"):
        postgres.query("select * from note where id = :id")
    with pytest.raises(PlaceholderError, match="no :body"):
        postgres.query("select * from note where id = :id", {"id": 1, "body": "x"})
    with pytest.raises(PlaceholderError):
        postgres.execute("delete from note where id = :id", {"ID": 1})


def test_identifiers_come_through_psycopg_sql(postgres: Postgres) -> None:
    hostile = 'body" from note; drop table note; --:x %s'
    order = psycopg.sql.SQL("select body as {} from note where body like :like order by {}").format(
        psycopg.sql.Identifier(hostile), psycopg.sql.Identifier("id")
    )
    with seen_by("sam"):
        found = postgres.query(order, {"like": "%2"})
        assert found.columns.tolist() == [hostile]
        assert found[hostile].tolist() == ["sam 2"]


def test_transaction_gives_dicts_and_takes_many(postgres: Postgres) -> None:
    with seen_by("mia"):
        with postgres.transaction() as cursor:
            more = [{"body": f"more {number}"} for number in range(3)]
            cursor.executemany(
                "insert into note (issuer, subject, body) values ('https://id.example', 'mia', :body)", more
            )
            assert cursor.execute("select body from note where body like 'more%' order by id").fetchall() == more
        assert postgres.execute("delete from note where body = any(:some)", {"some": ["more 0", "more 1"]}) == 2
        assert bodies(postgres) == ["mia 1", "more 2"]
