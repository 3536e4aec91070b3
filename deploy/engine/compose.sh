#!/usr/bin/env bash
# `docker compose` for a word that needs no more; says in one line when there is no engine to speak to.
set -o errexit -o nounset -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/engine/messages.sh
source "$here/messages.sh"
# shellcheck source=deploy/engine/docker.sh
source "$here/docker.sh"

cd "$here/../.."
require_engine
[[ -t 1 ]] || export COMPOSE_ANSI=never # it colours a pipe too
exec docker compose "$@"
