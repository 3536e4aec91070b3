#!/usr/bin/env bash
# Start Postgres: check secrets and volume, initialise an empty volume so that a kill half way heals, become the server.
set -o errexit -o nounset -o pipefail
umask 077

readonly here=${BASH_SOURCE[0]%/*}
# shellcheck source=deploy/postgres/secrets.sh
source "$here/secrets.sh"
# shellcheck source=deploy/postgres/cluster.sh
source "$here/cluster.sh"
# shellcheck source=deploy/container_memory.sh
source "$here/container_memory.sh"
# shellcheck source=deploy/postgres/memory.sh
source "$here/memory.sh"

found=$(sizes "$(memory_mb)" "$(connections)")
mapfile -t sized <<<"$found"
check_certificate
check_volume
[[ -d $data ]] || initialise
# In a subshell, so that it belongs to init: the server takes the death of a child it does not know for a crash.
("$here/certificates.sh" "$data" &)
printf 'sized for %s MB: %s\n' "$(memory_mb)" "${sized[*]}"
exec postgres -D "$data" -c config_file="$here/postgresql.conf" "${sized[@]/#/--}"
