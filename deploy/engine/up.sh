#!/usr/bin/env bash
# Bring the whole stack up, from a bare machine if need be. Safe to run again, also after it was killed at any moment.
set -o errexit -o nounset -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/engine/messages.sh
source "$here/messages.sh"
# shellcheck source=deploy/engine/settings.sh
source "$here/settings.sh"
# shellcheck source=deploy/engine/docker.sh
source "$here/docker.sh"
# shellcheck source=deploy/engine/apt.sh
source "$here/apt.sh"
# shellcheck source=deploy/engine/preflight.sh
source "$here/preflight.sh"
# shellcheck source=deploy/engine/services.sh
source "$here/services.sh"
# shellcheck source=deploy/engine/images.sh
source "$here/images.sh"
# shellcheck source=deploy/engine/code.sh
source "$here/code.sh"

readonly start_seconds=300
readonly other_stack="\`make destroy\` first, which deletes that data, or a stack of its own: COMPOSE_PROJECT_NAME, PORT, HTTP_PORT, SECRETS and TAG in .env"

# One at a time in one checkout. The lock is this folder, open: it ends with the process, however that ends.
take_turn() {
  exec 9<.
  flock --nonblock 9 && return 0
  note "another \`make up\` is at work here; waiting for it"
  flock --timeout 900 9 || fail "the other \`make up\` has not ended in 15 minutes; look what it does, end it, then run this again"
}

# A start that was killed leaves containers that were made but never ran, perhaps under a name that stands in the way.
remove_half_made() {
  local half_made
  half_made=$(containers status=created; containers status=dead)
  [[ -z $half_made ]] || xargs docker rm --force >/dev/null 2>&1 <<<"$half_made" || true
}

# While the app runs, what may fail for a slip in a file is tried beside it: Compose stops all that it is going to replace
# before it starts the first of it.
try_beside() {
  local log
  [[ -n $(containers status=running label=com.docker.compose.service=app) ]] || return 0
  log=$(mktemp)
  if ! quietly "$log" docker compose --progress plain run --rm --no-TTY migrate; then
    if grep --quiet '^Error: ' "$log"; then
      sed --quiet 's/^Error: /Error: migrate: /p' "$log" >&2
      another_app "$log"
    else
      explain_failure "$log"
    fi
    printf 'What ran before goes on. Mend the above, then run make up again.\n' >&2
    rm -f "$log"
    exit 1
  fi
  rm -f "$log"
}

# another_app LOG: what to do if the data is of another app than APP.
another_app() {
  if grep --quiet --word-regexp applied "$1"; then
    note "if APP is another app than this stack served before: $other_stack"
  fi
}

start() {
  local log
  log=$(mktemp)
  remove_half_made
  if ! quietly "$log" docker compose --progress plain up --detach --wait --wait-timeout "$start_seconds" --remove-orphans; then
    explain_failure "$log"
    printf 'The stack is not up. Mend the above, then run make up again; all of a log: make logs S=%s\n' "${failed:-SERVICE}" >&2
    rm -f "$log"
    exit 1
  fi
  rm -f "$log"
  remove_unused_networks
}

# explain_failure LOG: which services failed and their last words, the likeliest cause first; else what Compose said.
# Leaves the first of them in `failed`.
explain_failure() {
  local wanted service state health code id first='' first_id
  failed=''
  for wanted in failed restarting unhealthy starting; do
    [[ -z $first || $wanted != starting ]] || break # slow because of the others
    while IFS='|' read -r service state health code _ id; do
      [[ $(verdict "$state" "$health" "$code") == "$wanted" ]] || continue
      printf 'Error: %s (%s): %s\n' "$service" "$wanted" "$(why_not "$id" "$health")" >&2
      [[ -n $first ]] || first=$service first_id=$id
    done < <(service_states)
  done
  if [[ -n $first ]]; then
    printf '    the last lines of %s:\n' "$first" >&2
    docker logs --tail 5 "$first_id" 2>&1 | cut --characters=-200 | sed 's/^/    /' >&2
    failed=$first
    if [[ $first == migrate ]]; then
      another_app <(docker logs "$first_id" 2>&1)
    elif [[ $first == reconcile ]] && docker logs "$first_id" 2>&1 | grep --quiet 'accepts neither'; then
      note "if the secrets are new and the data is another checkout's: $other_stack"
    fi
  else
    printf 'Error: %s\n' "$(tail -n 1 "$1")" >&2
    if grep --quiet 'address pool' "$1"; then
      note "the engine has no address range left for a network: remove unused ones (docker network prune), or set default-address-pools"
    fi
  fi
}

start_services() {
  try_beside
  start
}

report() {
  local url
  url=$(app_url)
  printf '\nThe app is at %s\n\n' "$url"
  if [[ $DOMAIN == localhost && -e $APP/demo/users.toml ]]; then
    printf '  %-26s %s\n' 'make users DO=demo' 'the demo users and their passwords'
  else
    printf '  %-26s %s\n' 'make users DO="add …"' 'lets somebody in; make users shows who there is'
  fi
  [[ -e $SECRETS/provided/tls.crt || -n ${ACME:-} ]] || printf '  %-26s %s\n' 'make trust' 'this machine trusts the certificate'
  printf '  %-26s %s\n' 'make status' 'what runs, healthy or why not'
  if [[ -n ${SSH_CONNECTION:-} && $BIND == 127.* ]]; then
    printf '\nFrom your own machine, first: ssh -L %s:127.0.0.1:%s %s@%s\n' "$PORT" "$PORT" "${SUDO_USER:-$(id --user --name)}" "$(cut -d ' ' -f 3 <<<"$SSH_CONNECTION")"
  fi
}

main() {
  local answered=yes
  load_settings
  take_turn
  engine_works || answered=no
  step "Checking this machine" preflight
  step "Container engine" "$here/engine.sh"
  [[ $answered == yes ]] || preflight # what only a running engine can tell
  step "Base image" "$here/base.sh"
  step "Images" build_images
  step "Services" start_services
  warn_of_code
  report
}

main
