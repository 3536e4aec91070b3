#!/usr/bin/env bash
# The last logs of all services, or of some.
# usage: logs.sh [--follow] [SERVICE...]
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
services=$(docker compose config --services | sort)
for name; do
  [[ $name == --follow ]] || grep --quiet --line-regexp --fixed-strings -- "$name" <<<"$services" ||
    fail "$name is no service; there are: ${services//$'\n'/, }"
done
[[ -t 1 ]] || export COMPOSE_ANSI=never # it colours a pipe too
exec docker compose logs --tail 200 "$@"
