#!/usr/bin/env bash
# Stop everything of this project; the data stays.
set -o errexit -o nounset -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/engine/messages.sh
source "$here/messages.sh"
# shellcheck source=deploy/engine/settings.sh
source "$here/settings.sh"
# shellcheck source=deploy/engine/docker.sh
source "$here/docker.sh"

load_settings
require_engine
step "Stopping the services" logged docker compose down --remove-orphans
remove_unused_networks
printf '\nThe data stays: make up starts again where it was, make destroy deletes it.\n'
