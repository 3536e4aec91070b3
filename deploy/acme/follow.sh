#!/usr/bin/env bash
# While the stack runs: a round of deploy.acme when its time has come, and at once when the operator has changed something.
set -o errexit -o nounset -o pipefail
umask 077

readonly next=/tmp/next interval=2

state() { stat --format '%i %y %s' /run/secrets/acme.toml /run/secrets/ca.crt 2>/dev/null || true; }

before='' patience=--at-once
while true; do
  now=$(state)
  [[ $now == "$before" ]] || patience=--at-once
  if [[ $patience || ! -s $next || $EPOCHSECONDS -ge $(<"$next") ]]; then
    before=$now
    rm -f "$next"
    python -m deploy.acme ${patience:+"$patience"} || true
    # A round that could not even say when comes again in an hour.
    [[ -s $next ]] || echo $((EPOCHSECONDS + 3600)) >"$next"
    patience=''
  fi
  sleep "$interval"
done
