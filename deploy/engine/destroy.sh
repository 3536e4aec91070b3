#!/usr/bin/env bash
# Delete this project's containers, data and generated secrets. What the operator provided, the images and the engine stay.
set -o errexit -o nounset -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/engine/messages.sh
source "$here/messages.sh"
# shellcheck source=deploy/engine/settings.sh
source "$here/settings.sh"
# shellcheck source=deploy/engine/docker.sh
source "$here/docker.sh"

# By name: SECRETS may be any folder, and nothing else in it is ours to delete.
readonly generated=(ca nginx postgres roles migrate app keycloak reconcile operator demo acme)

load_settings
require_engine
folder=$(realpath --canonicalize-missing "$SECRETS")

printf 'This deletes, for good:\n'
docker volume ls --quiet --filter "label=com.docker.compose.project=$project" | sed 's/^/  volume   /'
printf '  secrets  %s, but for provided/ (a new local CA must be trusted again)\n' "$folder"
if [[ ${CONFIRM:-} != yes ]]; then
  [[ -t 0 ]] || fail "nothing was deleted: without a terminal, say CONFIRM=yes"
  read -r -p "Type the project's name, $project, to delete it: " answer
  [[ $answer == "$project" ]] || fail "nothing was deleted"
fi

step "Containers and volumes" logged docker compose down --volumes --remove-orphans
remove_unused_networks
# The files belong to the services' users, so a container deletes them, also for an operator who is not root.
if [[ -d $folder ]]; then
  step "Secrets" logged docker run --rm --network none --volume "$folder:/secrets" --workdir /secrets gatehouse-base:trixie rm -rf "${generated[@]}"
fi
printf '\nNothing of %s is left. make up starts anew.\n' "$project"
