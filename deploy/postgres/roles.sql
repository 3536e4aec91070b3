-- Roles, databases and privileges, for psql over the socket. Variables: app (name of database and schema), secrets (folder).
-- Idempotent: creates what is missing, sets what differs, leaves the rest alone.
\set VERBOSITY terse
SET client_min_messages = warning;
-- Statements hold verifiers, and `monitor` may read other sessions' statements.
SET track_activities = off;

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
GRANT pg_monitor TO monitor WITH INHERIT TRUE, SET FALSE;
-- A migrator has the owner's rights only after SET ROLE, and each migrator has one owner.
GRANT owner TO migrator WITH INHERIT FALSE, SET TRUE;
GRANT gate_owner TO gate_migrator WITH INHERIT FALSE, SET TRUE;

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
REVOKE ALL ON DATABASE postgres, template1, keycloak, :"app" FROM PUBLIC;
GRANT CONNECT ON DATABASE postgres TO monitor;
GRANT CONNECT ON DATABASE :"app" TO migrator, gate_migrator, gate, app_rw, app_ro;
COMMIT;

\connect keycloak
REVOKE ALL ON SCHEMA public FROM PUBLIC;

\connect :"app"
SET client_min_messages = warning;
\ir schemas.sql
