"""Kill -9 during the first initialisation, at several moments: the next start heals it."""

from __future__ import annotations

from contextlib import closing

from integration.postgres.server import DATA, Server

NEW = f"{DATA}/17/main.new"
MOMENTS = [
    "-n yes",  # at once
    f"-d {NEW}",
    f"-e {NEW}/PG_VERSION",
    f"-e {NEW}/base/1/PG_VERSION",
    f"-d {NEW}/base/4",
    f"-d {DATA}/17/main",
    "-S /var/run/postgresql/.s.PGSQL.5432",
]


def test_a_first_start_killed_half_way_heals(spare: Server) -> None:
    for moment in MOMENTS:
        spare.start(healthy=False)
        spare.shell(f"timeout 60 bash -c 'until [[ {moment} ]]; do :; done'")
        spare.kill()
    spare.start()
    assert spare.volume("ls -A 17") == "main\n"
    # Nothing of it is kept by the file system alone: WAL and data pages are whole too.
    assert spare.shell("pg_amcheck -U postgres --all --install-missing=pg_catalog", check=False).returncode == 0
    spare.roles()
    with closing(spare.connect("app_a")) as connection:
        assert connection.execute("SELECT current_schema()").fetchone() == ("app",)


def test_a_bootstrap_killed_half_way_heals(spare: Server) -> None:
    spare.start()
    for moment in ("FROM pg_roles WHERE rolname = 'keycloak'", "FROM pg_database WHERE datname = 'keycloak'"):
        job = spare.start_roles()
        spare.shell(f"""
            end=$((SECONDS + 60))
            until [[ $(psql -XAtq -U postgres -c "SELECT 1 {moment}") ]]; do ((SECONDS < end)); done
        """)
        spare.kill()
        job.stop()
        spare.start()
    spare.roles()
    with closing(spare.connect("keycloak", "keycloak")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_rows_survive_kill_9(spare: Server) -> None:
    spare.start()
    spare.roles()
    with closing(spare.connect("migrator")) as connection:
        connection.execute("SET ROLE owner")
        connection.execute("CREATE TABLE app.kept (id integer)")
    for number in range(3):
        with closing(spare.connect("app_a")) as connection:
            connection.execute("INSERT INTO kept VALUES (%s)", (number,))
        spare.kill()
        spare.start()
    with closing(spare.connect("app_a")) as connection:
        assert connection.execute("SELECT id FROM kept ORDER BY id").fetchall() == [(0,), (1,), (2,)]


def test_another_app_name_gets_a_database_of_its_own(spare: Server) -> None:
    spare.start()
    spare.roles(APP_NAME="stock")
    with closing(spare.connect("app_a", "stock")) as connection:
        assert connection.execute("SELECT current_schema(), current_database()").fetchone() == ("stock", "stock")
