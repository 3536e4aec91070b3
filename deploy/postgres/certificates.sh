#!/usr/bin/env bash
# Reload the server when its certificate was renewed. usage: certificates.sh <data directory>
set -o errexit -o nounset -o pipefail

readonly data=$1
# shellcheck source=deploy/postgres/secrets.sh
source "${BASH_SOURCE[0]%/*}/secrets.sh"

# Renewal replaces the files by rename and gives them their owner, each of which changes inode or ctime.
state() { stat --format='%i %Z' "$secrets/server.crt" "$secrets/server.key" 2>/dev/null || true; }

seen=$(state)
while sleep 5; do
  found=$(state)
  [[ $found != "$seen" ]] || continue
  # Between the two renames they don't belong together: said once, and the server keeps the old pair until they do.
  if (check_certificate); then
    pg_ctl reload --pgdata="$data" --silent || continue
    printf 'certificate renewed: server reloaded\n'
  fi
  seen=$found
done
