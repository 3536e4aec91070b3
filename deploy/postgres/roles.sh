#!/usr/bin/env bash
# Bring roles, databases and privileges to what roles.sql says. Runs at every start; changes nothing that is right already.
set -o errexit -o nounset -o pipefail

readonly here=${BASH_SOURCE[0]%/*} app=${APP_NAME:-app} patience=${PATIENCE:-60}
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

wait_for_socket() {
  local deadline=$((SECONDS + patience))
  until pg_isready --quiet --timeout=1 --username=postgres --dbname=postgres; do
    ((SECONDS < deadline)) || fail "postgres: no answer on its socket within $patience s; see \`docker compose logs postgres\`"
    sleep 0.2
  done
}

[[ $app =~ ^[a-z][a-z0-9_]{0,62}$ && ! $app =~ ^(audit|gate|keycloak|postgres|public|template[01]|pg_.*|information_schema)$ ]] ||
  fail "APP_NAME=$app: not free for a database; use lower-case letters, digits and _, and no name of Postgres or the platform"
check_verifiers
wait_for_socket
psql --no-psqlrc --quiet --username=postgres --dbname=postgres --set=ON_ERROR_STOP=1 \
  --set=app="$app" --set=secrets="$secrets" --file="$here/roles.sql" >/dev/null ||
  fail "roles: not applied, see the line above; nothing is half done that the next start would not finish"
printf 'roles and databases are in place\n'
