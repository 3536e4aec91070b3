# shellcheck shell=bash
# The state of this project's services, and why one is not well. Sourced, after settings.sh.
# shellcheck disable=SC2154 # project: settings.sh

# service_states: one line per container: service|state|health|exit code|since|id
service_states() {
  docker ps --all --no-trunc --format '{{.ID}} {{.Status}}' --filter "label=com.docker.compose.project=$project" \
    --filter label=com.docker.compose.oneoff=False | while read -r id status; do
    docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}}|{{.State.Status}}|{{with .State.Health}}{{.Status}}{{end}}|{{.State.ExitCode}}' "$id" 2>/dev/null |
      sed "s#\$#|$(sed -E 's/^(Up|Exited|Restarting|Created) ?//; s/\([^)]*\) ?//g' <<<"$status")|$id#"
  done | sort
}

# verdict STATE HEALTH CODE: one word. A one-shot service that ended well is done.
verdict() {
  case $1/$2/$3 in
    running//* | running/healthy/*) echo healthy ;;
    running/starting/*) echo starting ;;
    running/unhealthy/*) echo unhealthy ;;
    exited//0 | exited/*/0) echo "done" ;;
    exited/*) echo failed ;;
    created/*) echo waiting ;;
    *) echo "$1" ;;
  esac
}

# why_not ID HEALTH: its own words, in one line: what its health check said last, or its last line of log.
why_not() {
  local words=''
  if [[ $2 == unhealthy ]]; then
    words=$(docker inspect --format '{{range .State.Health.Log}}{{println .Output}}{{end}}' "$1" 2>/dev/null | grep --invert-match '^\s*$' | tail -n 1) || true
  fi
  [[ -n $words ]] || words=$(docker logs --tail 20 "$1" 2>&1 | grep --invert-match '^\s*$' | tail -n 1) || true
  words=${words#Error: }
  echo "${words:0:200}"
}
