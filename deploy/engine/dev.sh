#!/usr/bin/env bash
# Bring the stack up with the author's folder mounted: what is saved there shows in the open tab. Then follow the app.
set -o errexit -o nounset -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/engine/messages.sh
source "$here/messages.sh"
# shellcheck source=deploy/engine/settings.sh
source "$here/settings.sh"

check() {
  local closed
  # Errors in full, and code that runs as soon as it is saved, are for the author's own machine.
  [[ $DOMAIN == localhost ]] || fail "make dev shows errors in full, and is for DOMAIN=localhost alone; here it is $DOMAIN"
  [[ -z ${APP_SCRIPT:-} ]] || fail "make dev mounts a folder; put $APP_SCRIPT into one of its own, and set APP to that"
  [[ -d $APP ]] || return 0 # said by `make up`
  closed=$(find "$APP" -name .git -prune -o \( -name '*.py' ! -perm -o=r -o -type d ! -perm -o=rx \) -print -quit)
  [[ -z $closed ]] || fail "$closed: the app runs as a user of its own and cannot read it; chmod -R o+rX $APP"
}

# The volume of data/ needs a folder to be mounted on, and cannot make one in a folder that is mounted read-only.
make_data_folder() {
  [[ ! -d $APP || -d $APP/data ]] && return
  mkdir "$APP/data" || fail "$APP/data could not be made; make that folder, or let $(id --user --name) write in $APP"
  chown --reference="$APP" "$APP/data" 2>/dev/null || true
}

leave() {
  printf '\nThe stack still runs, with the folder mounted.\n\n'
  printf '  %-12s %s\n' 'make dev' 'goes on' 'make up' 'serves what is saved now, as in production' 'make down' 'stops it'
}

load_settings
check
make_data_folder
export COMPOSE_FILE=compose.yaml:deploy/engine/dev.yaml
"$here/up.sh"
printf '\nSave a file in %s, and the open tab shows it. Run make dev again after a change of requirements.txt,\n' "$APP"
printf 'policy.toml, migrations/, static/public/ or .streamlit/config.toml. Ctrl-C leaves. The app says:\n\n'
trap ':' INT TERM HUP
docker compose logs --follow --no-log-prefix --since 1s app &
follower=$!
wait "$follower" || true
kill "$follower" 2>/dev/null || true
leave
