#!/usr/bin/env bash
# Bring roles, databases and privileges to what roles.sql says. Runs at every start; changes nothing that is right already.
# As the superuser over the server's socket; with DATABASE_HOST over TLS, as the administrator of a server outside.
set -o errexit -o nounset -o pipefail

readonly here=${BASH_SOURCE[0]%/*} app=${APP_NAME:-app} patience=${PATIENCE:-60} host=${DATABASE_HOST:-}
export PGUSER=postgres PGDATABASE=postgres
# shellcheck source=deploy/postgres/secrets.sh
source "$here/secrets.sh"

# The format of RFC 5803 as Postgres writes it: a file with a password in it would be stored in the clear otherwise.
readonly verifier='^SCRAM-SHA-256\$[1-9][0-9]{3,}:[A-Za-z0-9+/]{20,}={0,2}\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=$'

check_verifiers() {
  local folder=secrets/${SECRETS_FOLDER:-roles} login
  for login in app_a app_b gate gate_migrator keycloak migrator monitor readonly; do
    check_secret "${folder#secrets/}" "$login.verifier"
    [[ $(<"$secrets/$login.verifier") =~ $verifier ]] ||
      fail "$folder/$login.verifier: not a SCRAM-SHA-256 verifier; remove it and start again, which makes a new one"
  done
}

# What psql needs to sign in outside. The password goes by a file, as arguments and variables are seen by others.
administrator() {
  local folder=${SECRETS_FOLDER:-roles} password
  check_secret "$folder" administrator
  check_secret "$folder" database_ca.crt
  export PGHOST=$host PGPORT=${DATABASE_PORT:-5432} PGUSER=${DATABASE_ADMINISTRATOR:-postgres}
  export PGSSLMODE=verify-full PGSSLROOTCERT=$secrets/database_ca.crt PGCHANNELBINDING=require PGCONNECT_TIMEOUT=10
  export PGPASSFILE=/tmp/pgpass
  password=$(<"$secrets/administrator")
  password=${password//\\/\\\\}
  (umask 077 && printf '*:*:*:*:%s\n' "${password//:/\\:}" >"$PGPASSFILE")
}

wait_for_server() {
  local deadline=$((SECONDS + patience)) where="on its socket" remedy="see \`docker compose logs postgres\`"
  [[ -z $host ]] || where="at $host:$PGPORT" remedy="check [database] of the environment's file, and the way there"
  # Whether anybody answers; who it is, psql checks and says.
  until PGSSLMODE=prefer pg_isready --quiet --timeout=1; do
    ((SECONDS < deadline)) || fail "postgres: no answer $where within $patience s; $remedy"
    sleep 0.2
  done
}

[[ $app =~ ^[a-z][a-z0-9_]{0,62}$ && ! $app =~ ^(audit|gate|keycloak|postgres|public|template[01]|pg_.*|information_schema)$ ]] ||
  fail "APP_NAME=$app: not free for a database; use lower-case letters, digits and _, and no name of Postgres or the platform"
check_verifiers
if [[ -n $host && ! -e $secrets/administrator ]]; then
  printf 'left to the administrator of %s: roles and databases (docs/scaling.md, "A database outside")\n' "$host"
  exit 0
fi
[[ -z $host ]] || administrator
wait_for_server
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 \
  --set=app="$app" --set=secrets="$secrets" --file="$here/roles.sql" >/dev/null ||
  fail "roles: not applied, see the line above; nothing is half done that the next start would not finish"
printf 'roles and databases are in place\n'
