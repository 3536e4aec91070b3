# shellcheck shell=bash
# What a container may use. Sourced by the entrypoints of Postgres and Keycloak.

# memory_mb: the container's limit by control groups of version 2 or 1, or the machine's memory where there is none.
memory_mb() {
  local groups=${1:-/sys/fs/cgroup} file machine limit
  machine=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
  for file in "$groups/memory.max" "$groups/memory/memory.limit_in_bytes"; do
    [[ -r $file ]] || continue
    limit=$(<"$file")
    # "max", or in version 1 a number beyond any machine's, is no limit.
    if [[ $limit =~ ^[0-9]+$ ]] && ((limit >> 20 < machine)); then machine=$((limit >> 20)); fi
    break
  done
  printf '%s' "$machine"
}
