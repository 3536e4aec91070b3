# shellcheck shell=bash
# Sizes that follow from the container's memory and from the logins' limits (roles.sql), in megabytes. Sourced, after
# secrets.sh.

# A backend that has run a few queries has 1.8 MB of its own, measured, and what the kernel needs for it; TLS and cached
# plans come on top.
readonly connection_kb=2560 base_mb=32 least_buffers_mb=64

# connections: all logins' limits together, the superuser's reserve of three, and room for those who look after it.
connections() {
  awk '/^\\set limit / { sum += $3 } END { print sum + 8 }' "${BASH_SOURCE[0]%/*}/roles.sql"
}

between() {
  local value=$1 least=$2 most=$3
  printf '%s' "$((value < least ? least : value > most ? most : value))"
}

# sizes MEMORY CONNECTIONS: a line `name=value` for each.
sizes() {
  local memory=$1 connections=$2 used buffers maintenance rest
  used=$((connections * connection_kb / 1024 + base_mb))
  ((memory - used >= least_buffers_mb)) ||
    fail "POSTGRES_MEMORY: $memory MB are too few for $connections connections; set it to $((used + least_buffers_mb))m or more"
  # A quarter, as Postgres's manual advises, unless all connections together would then not fit.
  buffers=$(between "$((memory / 4))" "$least_buffers_mb" "$((memory - used))")
  maintenance=$(between "$((memory / 16))" 16 1024)
  rest=$((memory - used - buffers - maintenance))
  printf '%s\n' \
    "max_connections=$connections" \
    "shared_buffers=${buffers}MB" \
    "effective_cache_size=$((memory * 3 / 4))MB" \
    "maintenance_work_mem=${maintenance}MB" \
    "work_mem=$(between "$((rest * 8 / connections))" 4 64)MB" \
    "max_wal_size=$(between "$((memory * 2))" 1024 8192)MB" \
    "min_wal_size=$(between "$((memory / 4))" 80 1024)MB"
}
