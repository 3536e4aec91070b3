#!/usr/bin/env bash
# Run the tests in the tools image. What they start they take down themselves, also when interrupted.
# usage: test.sh MARKER-EXPRESSION [pytest's arguments]
set -o errexit -o nounset -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/engine/messages.sh
source "$here/messages.sh"
# shellcheck source=deploy/engine/settings.sh
source "$here/settings.sh"
# shellcheck source=deploy/engine/docker.sh
source "$here/docker.sh"
# shellcheck source=deploy/engine/images.sh
source "$here/images.sh"

readonly marker=$1
shift
readonly runner=gatehouse-tests-$$-$RANDOM

# Tests are of the example app, in images of their own: what this machine serves is not rebuilt by them.
export APP=./app/desk APP_SCRIPT='' TAG=${TAG:-test}

# pytest hears of it once, so that it takes down in order what it started; a second signal would cut that short.
# shellcheck disable=SC2317,SC2329 # the trap's
interrupted() {
  trap '' INT TERM HUP
  docker kill --signal INT "$runner" "$runner-aside" >/dev/null 2>&1 || true
  wait "${clients[@]}" || true
  exit 130
}

# usage: start NAME [pytest's arguments]
start() {
  local name=$1
  shift
  # Same path inside and outside, because the engine mounts what the tests name. Signals: see interrupted.
  docker run --rm --init --name "$name" --network host --sig-proxy=false "${options[@]}" \
    --volume /var/run/docker.sock:/var/run/docker.sock --volume "$PWD:$PWD" --workdir "$PWD" --env TAG \
    "gatehouse-tools:$TAG" pytest -p no:cacheprovider -m "$marker" "$@" &
  clients+=("$!")
}

main() {
  local name file client code=0 aside=''
  local options=() clients=()
  load_settings
  step "Container engine" "$here/engine.sh"
  step "Base image" "$here/base.sh"
  step "Images" build_images --profile '*'
  # Chromium finds *.localhost by itself; Python and curl do not.
  for name in app.localhost id.localhost app.gate.test id.gate.test id.login.gate.test; do options+=(--add-host "$name:127.0.0.1"); done
  # Some tests build, so they get what a build gets.
  for name in BUILD_CA BUILD_PIP_CONF BUILD_APT_CONF BUILD_MAVEN_SETTINGS BUILD_NPMRC; do
    file=${!name:+$(realpath --canonicalize-missing "${!name}")}
    if [[ -f $file ]]; then options+=(--volume "$file:$file:ro" --env "$name=$file"); fi
  done
  trap interrupted INT TERM HUP
  if (($#)) || [[ $marker != not* ]]; then
    [[ ! -t 1 ]] || options+=(--tty)
    start "$runner" "$@"
  else
    # Linters and unit tests have no deadline and need no stack: they run beside the start of the first stacks.
    aside=$(mktemp)
    start "$runner-aside" tests/lint tests/unit > "$aside" 2>&1
    start "$runner" --ignore=tests/lint --ignore=tests/unit --durations=25 --durations-min=5
  fi
  for client in "${clients[@]}"; do wait "$client" || code=$?; done
  if [[ $aside ]]; then cat "$aside" && rm "$aside"; fi
  exit "$code"
}

main "$@"
