#!/usr/bin/env bash
# Healthy: takes TLS connections, has recovered, answers a query. `monitor`, as a refused login would be logged each time.
set -o errexit -o nounset -o pipefail

PGSSLMODE=require pg_isready --quiet --host=127.0.0.1 --username=monitor --dbname=postgres --timeout=3
[[ $(psql --no-psqlrc --no-align --tuples-only --quiet --username=postgres --dbname=postgres \
  --command='SELECT NOT pg_is_in_recovery()') == t ]]
