-- One login: `login`, `limit`. Its verifier is read here, from a file: it is no argument, and the server logs no statement.
\set verifier `cat :'secrets'/:'login'.verifier`
SELECT format('CREATE ROLE %I LOGIN', :'login') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'login') \gexec
\if :superuser
ALTER ROLE :"login" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT :limit;
SELECT format('ALTER ROLE %I PASSWORD %L', :'login', :'verifier') FROM pg_authid
WHERE rolname = :'login' AND rolpassword IS DISTINCT FROM :'verifier' \gexec
\else
ALTER ROLE :"login" LOGIN NOCREATEDB NOCREATEROLE CONNECTION LIMIT :limit PASSWORD :'verifier';
\endif
