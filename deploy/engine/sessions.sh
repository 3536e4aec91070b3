#!/usr/bin/env bash
# Who is signed in to the running stack, and ending that. With TO=ENVIRONMENT, of a stack on a cluster.
# usage: sessions.sh list | end ID | end-user WHO
set -o errexit -o nounset -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/engine/messages.sh
source "$here/messages.sh"
# shellcheck source=deploy/engine/settings.sh
source "$here/settings.sh"
# shellcheck source=deploy/engine/docker.sh
source "$here/docker.sh"

[[ -z ${TO:-} ]] || exec "$here/cluster.sh" sessions "$@"
load_settings
require_engine
require_running app "the app"
exec docker compose exec --no-TTY app python -m gatehouse.gate.sessions "$@"
