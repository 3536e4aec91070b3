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
  docker kill --signal INT "$runner" >/dev/null 2>&1 || true
  wait "$client" || true
  exit 130
}

main() {
  local name file code=0
  local options=()
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
  [[ ! -t 1 ]] || options+=(--tty)
  trap interrupted INT TERM HUP
  # Same path inside and outside, because the engine mounts what the tests name. Signals: see interrupted.
  docker run --rm --init --name "$runner" --network host --sig-proxy=false "${options[@]}" \
    --volume /var/run/docker.sock:/var/run/docker.sock --volume "$PWD:$PWD" --workdir "$PWD" --env TAG \
    "gatehouse-tools:$TAG" pytest -p no:cacheprovider -m "$marker" "$@" &
  client=$!
  wait "$client" || code=$?
  exit "$code"
}

main "$@"
