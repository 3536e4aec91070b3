# shellcheck shell=bash
# What in the author's scripts may turn against them. Sourced, after messages.sh.

# warn_of_code: one line for each call that runs whatever it reads. It stops nothing: the app is the author's.
warn_of_code() {
  local found='' line
  found=$(docker compose exec --no-TTY app python -m gatehouse.dangerous_calls /srv/app 2>/dev/null) || return 0
  [[ -n $found ]] || return 0
  while read -r line; do
    note "Warning: app folder: $line"
  done <<<"$found"
  note "if such a line reads only what the app itself wrote, end it with \`# trusted\` (docs/author.md, Pickles)"
}
