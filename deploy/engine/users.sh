#!/usr/bin/env bash
# Speak with the user administration of the running stack.
# With TO=ENVIRONMENT, of a stack on a cluster.
# usage: users.sh list|add|disable|enable|reset|grant|revoke|demo [option...]
set -o errexit -o nounset -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/engine/messages.sh
source "$here/messages.sh"
# shellcheck source=deploy/engine/settings.sh
source "$here/settings.sh"
# shellcheck source=deploy/engine/docker.sh
source "$here/docker.sh"

[[ -z ${TO:-} ]] || exec "$here/cluster.sh" users "$@"
load_settings
require_engine
require_running keycloak "Keycloak"
exec docker compose run --rm --no-deps --no-TTY reconcile python -m deploy.keycloak.users "$@"
