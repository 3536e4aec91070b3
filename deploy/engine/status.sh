#!/usr/bin/env bash
# What runs, healthy or why not. Exit code 1 when anything is not as it should be, so that a monitor may ask.
set -o errexit -o nounset -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/engine/messages.sh
source "$here/messages.sh"
# shellcheck source=deploy/engine/settings.sh
source "$here/settings.sh"
# shellcheck source=deploy/engine/docker.sh
source "$here/docker.sh"
# shellcheck source=deploy/engine/services.sh
source "$here/services.sh"

readonly row='%-12s %-11s %-18s %s\n'
ill=0

load_settings
require_engine
states=$(service_states)
if [[ -z $states ]]; then fail "nothing of the project $project runs here; \`make up\` starts it"; fi

# shellcheck disable=SC2059 # one format for head and rows
printf "$row" SERVICE STATE SINCE "WHY NOT"
while IFS= read -r service; do
  [[ $service != acme || -n ${ACME:-} ]] || continue
  IFS='|' read -r _ state health code since id <<<"$(grep "^$service|" <<<"$states" || echo "|missing||||")"
  word=$(verdict "$state" "$health" "$code")
  why=''
  if [[ $word == missing ]]; then
    why="has no container; \`make up\` makes one"
  elif [[ $word == waiting ]]; then
    why='for a service that it depends on'
  elif [[ $word != healthy && $word != "done" ]]; then
    why=$(why_not "$id" "$health")
  fi
  [[ $word == healthy || $word == "done" ]] || ill=$((ill + 1))
  # shellcheck disable=SC2059
  printf "$row" "$service" "$word" "$since" "$why"
done < <(docker compose config --services | sort)

if shown=$(docker compose exec --no-TTY nginx openssl x509 -noout -enddate -issuer -in /run/secrets/tls.crt 2>/dev/null </dev/null); then
  ends=$(sed -n 's/^notAfter=//p' <<<"$shown")
  days=$((($(date --date="$ends" +%s) - $(date +%s)) / 86400))
  printf '\nCertificate  %s days left, issued by %s\n' "$days" "$(sed -n 's/^issuer= *//p' <<<"$shown")"
else
  printf '\nCertificate  cannot be read: nginx does not run\n'
fi
if [[ -n ${ACME:-} ]]; then
  acme=$(docker compose exec --no-TTY acme python -m deploy.acme.report 2>/dev/null </dev/null) || true
  printf 'ACME         %s\n' "${acme:-cannot be read: acme does not run}"
fi
printf 'URL          %s\n' "$(app_url)"
((ill == 0)) || fail "$ill not as it should be; \`make logs S=SERVICE\` shows more, \`make up\` starts what is missing"
