# shellcheck shell=bash
# Sizes that follow from the container's memory and from the database login's limit (roles.sql). Sourced, after `fail`.

# Outside the heap, in megabytes: classes 256 and compiled code 96 at most (entrypoint.sh), stacks, collector, TLS.
readonly beside_heap_mb=512 least_heap_mb=256
# Left of the login's connections: for the command that recovers access, and for a node that takes over.
readonly reserve=5

# heap_mb MEMORY: all that is not needed beside the heap.
heap_mb() {
  (($1 - beside_heap_mb >= least_heap_mb)) ||
    fail "KEYCLOAK_MEMORY: $1 MB are too few; set it to $((beside_heap_mb + least_heap_mb))m or more"
  printf '%s' "$(($1 - beside_heap_mb))"
}

# database_connections: what the login may have, less the reserve.
database_connections() {
  awk -v reserve="$reserve" '/^\\set login keycloak$/ { getline; print $3 - reserve }' "${BASH_SOURCE[0]%/*}/roles.sql"
}

# threads HEAP CONNECTIONS: two for each connection, since every other request needs none (keys, styles); and no more than
# the heap carries, a request that hashes a password with argon2 takes 7 MB.
threads() {
  local most=$(($1 / 8)) wanted=$(($2 * 2))
  printf '%s' "$((wanted < most ? wanted : most))"
}
