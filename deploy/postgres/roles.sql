-- Roles, databases and privileges, for psql. Variables: app (name of database and schema), secrets (folder of verifiers).
-- Idempotent: creates what is missing, sets what differs, leaves the rest alone. The superuser's; on a server outside an
-- administrator's with CREATEROLE and CREATEDB, who is given what a superuser has by himself of the roles made here.
\set VERBOSITY terse
SET client_min_messages = warning;
-- A server outside is reached over TCP, and has databases of others: postgres and template1 stay as they are there.
SELECT current_setting('is_superuser') AS superuser, inet_server_addr() IS NULL AS own,
    current_setting('server_version_num')::int >= 170000 AS recent \gset
\if :recent
\else
DO $$ BEGIN RAISE EXCEPTION 'Postgres 17 or newer is needed'; END $$;
\endif
-- Statements hold verifiers, and `monitor` may read other sessions' statements.
SELECT set_config('track_activities', 'off', false) WHERE :'superuser' = 'on';

BEGIN;
-- One run at a time; the end of the transaction lets the next one in.
SELECT pg_advisory_xact_lock(hashtextextended('gatehouse/roles', 0));

-- Groups own and carry privileges; nobody signs in as one.
SELECT format('CREATE ROLE %I NOLOGIN', name) FROM unnest(ARRAY['owner', 'app_rw', 'app_ro', 'gate_owner']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

-- Connection limits: pools of the logins, and room for an operator. Server and Keycloak are sized by them (memory.sh). app_a and app_b take turns when a password is rotated.
\set login app_a
\set limit 20
\ir login.sql
\set login app_b
\set limit 20
\ir login.sql
-- For each replica one that listens and up to three in the pool: ten replicas, or five while they are replaced.
\set login gate
\set limit 40
\ir login.sql
\set login gate_migrator
\set limit 2
\ir login.sql
\set login migrator
\set limit 2
\ir login.sql
\set login readonly
\set limit 5
\ir login.sql
\set login monitor
\set limit 3
\ir login.sql
\set login keycloak
\set limit 25
\ir login.sql

GRANT app_rw TO app_a, app_b WITH INHERIT TRUE, SET FALSE;
GRANT app_ro TO readonly WITH INHERIT TRUE, SET FALSE;
SELECT 'GRANT pg_monitor TO monitor WITH INHERIT TRUE, SET FALSE'
WHERE pg_has_role('pg_monitor', 'MEMBER WITH ADMIN OPTION') \gexec
-- A migrator has the owner's rights only after SET ROLE, and each migrator has one owner.
GRANT owner TO migrator WITH INHERIT FALSE, SET TRUE;
GRANT gate_owner TO gate_migrator WITH INHERIT FALSE, SET TRUE;
\if :superuser
\else
GRANT owner, gate_owner, keycloak TO CURRENT_USER WITH INHERIT TRUE, SET TRUE;
\endif

-- Settings belong to the login: role membership does not hand them on.
SELECT format('ALTER ROLE %I SET %I = %L', login, name, value)
FROM (VALUES
    ('app_a',         '15s',   '3s', '60s',   :'app'),
    ('app_b',         '15s',   '3s', '60s',   :'app'),
    ('gate',          '5s',    '2s', '15s',   'gate'),
    ('gate_migrator', '10min', '5s', '15min', 'gate'),
    ('migrator',      '10min', '5s', '15min', :'app'),
    ('readonly',      '60s',   '3s', '5min',  :'app'),
    ('monitor',       '5s',    '1s', '10s',   'pg_catalog')
) AS logins (login, statement, lock, transaction, path),
LATERAL (VALUES ('statement_timeout', statement), ('lock_timeout', lock), ('transaction_timeout', transaction),
    ('idle_in_transaction_session_timeout', '30s'), ('search_path', path)) AS settings (name, value)
\gexec
ALTER ROLE readonly SET default_transaction_read_only = on;
COMMIT;

-- The databases belong to the superuser, so that an app's migrations can't change the database the gate lives in.
SELECT format('CREATE DATABASE %I', :'app') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'app') \gexec
SELECT 'CREATE DATABASE keycloak OWNER keycloak' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'keycloak') \gexec

BEGIN;
REVOKE ALL ON DATABASE keycloak, :"app" FROM PUBLIC;
\if :own
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE postgres TO monitor;
\endif
GRANT CONNECT ON DATABASE :"app" TO migrator, gate_migrator, gate, app_rw, app_ro;
COMMIT;

\connect keycloak
REVOKE ALL ON SCHEMA public FROM PUBLIC;

\connect :"app"
SET client_min_messages = warning;
\ir schemas.sql
