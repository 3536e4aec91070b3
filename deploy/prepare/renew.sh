#!/usr/bin/env bash
# While the stack runs: prepare again twice a day, as certificates end, and when the author's secrets have changed or a
# certificate has come by ACME.
# A round that fails changes nothing and says why; nginx, Postgres and the app take by themselves what a good one makes.
set -o errexit -o nounset -o pipefail

readonly secrets=/secrets/provided/secrets.toml acme=/secrets/acme/tls.pem done=/tmp/renewed interval=2 longest=$((12 * 3600))

state() { stat --format '%i %y %s' "$secrets" "$acme" 2>/dev/null || true; }

touch "$done"
before=$(state) next=$((SECONDS + longest))
while sleep "$interval"; do
  now=$(state)
  [[ $now != "$before" || $SECONDS -ge $next ]] || continue
  before=$now next=$((SECONDS + longest))
  if python -m deploy.prepare; then touch "$done"; fi
done
