# shellcheck shell=bash
# How every word speaks: steps with their time, notes under them, and failures whose cause comes first. Sourced.

note() { printf '    %s\n' "$*"; }

fail() {
  printf 'Error: %s\n' "$*" >&2
  exit 1
}

# step "what happens" command...: names the step, runs it, says how long it took.
step() {
  local what=$1 started milliseconds
  shift
  printf '==> %s\n' "$what"
  started=$(date +%s%N)
  "$@"
  milliseconds=$((($(date +%s%N) - started) / 1000000))
  note "done in $((milliseconds / 1000)).$((milliseconds % 1000 / 100)) s"
}

# quietly LOG command...: its output goes to LOG; a terminal shows the last line of it, so that nobody thinks it hangs.
quietly() {
  local log=$1 job columns
  shift
  "$@" >"$log" 2>&1 </dev/null &
  job=$!
  # shellcheck disable=SC2064 # the job's number as it is now
  trap "kill $job 2>/dev/null || true" EXIT
  if [[ -t 1 ]]; then
    columns=$(tput cols 2>/dev/null) || columns=80
    while kill -0 "$job" 2>/dev/null; do
      printf '\r\033[K    %.*s' "$((columns - 5))" "$(tail -n 1 "$log" | tr --complement --delete '[:print:]')"
      sleep 0.5
    done
    printf '\r\033[K'
  fi
  trap - EXIT
  wait "$job"
}

# logged command...: as quietly, for a command whose output matters only when it fails; then the word ends with it.
logged() {
  local log
  log=$(mktemp)
  quietly "$log" "$@" || fail "$(tail -n 3 "$log")"
  rm -f "$log"
}
