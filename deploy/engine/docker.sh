# shellcheck shell=bash
# What is there of an engine, its images and this project's containers. Looks only, changes nothing. Sourced,
# after settings.sh where a function speaks of this project.

# The oldest versions this was tried with.
readonly oldest_engine=26.0 oldest_compose=2.26

engine_answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }
compose_present() { docker compose version >/dev/null 2>&1; }
buildx_present() { docker buildx version >/dev/null 2>&1; }
engine_works() { engine_answers && compose_present && buildx_present; }

at_least() { [[ $(printf '%s\n' "$1" "$2" | sort --version-sort | head -n 1) == "$2" ]]; }

# engine_too_old: prints what is too old; fails when nothing is.
engine_too_old() {
  local engine compose
  engine=$(docker version --format '{{.Server.Version}}')
  compose=$(docker compose version --short)
  if ! at_least "$engine" "$oldest_engine"; then
    echo "the engine is $engine"
  elif ! at_least "${compose#v}" "$oldest_compose"; then
    echo "Compose is $compose"
  else
    return 1
  fi
}

image_present() { docker image inspect "$1" >/dev/null 2>&1; }

# images_present: true when every image of the stack is there.
images_present() { docker compose config --images 2>/dev/null | sort --unique | xargs docker image inspect >/dev/null 2>&1; }

# containers FILTER...: ids of this project's containers (those of `docker compose run` are not counted).
containers() {
  # shellcheck disable=SC2154 # project: settings.sh
  docker ps --all --quiet --no-trunc --filter "label=com.docker.compose.project=$project" \
    --filter label=com.docker.compose.oneoff=False "${@/#/--filter=}"
}

# remove_unused_networks: a change of EGRESS leaves the network that the app was on, and Compose forgets it.
remove_unused_networks() {
  docker network ls --quiet --filter dangling=true --filter "label=com.docker.compose.project=$project" |
    xargs --no-run-if-empty docker network rm >/dev/null 2>&1 || true
}

# What a word that needs a running engine says without one.
require_engine() { engine_works || fail "no engine answers here; \`make up\` brings one"; }

# require_running SERVICE NAME: what a word says that speaks with a service, without it.
require_running() {
  [[ -n $(containers status=running "label=com.docker.compose.service=$1") ]] || fail "$2 does not run; \`make up\` starts it"
}
