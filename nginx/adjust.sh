#!/usr/bin/env bash
# Change limits of the running nginx, under an attack for instance: no connection is dropped. They hold until the container
# is made anew, which takes them from .env.
# usage: docker compose exec nginx /etc/gatehouse/nginx/adjust.sh LIMIT_SIGN_IN=60 SLOW_BODY=10s
set -o errexit -o nounset -o pipefail
umask 077

here=$(dirname "${BASH_SOURCE[0]}")
readonly here run=/run/gatehouse/nginx
# shellcheck source=nginx/certificate.sh
source "$here/certificate.sh"
# shellcheck source=nginx/limits.sh
source "$here/limits.sh"
# shellcheck source=nginx/reload.sh
source "$here/reload.sh"

earlier=()
(($#)) || fail "which limit? write it like LIMIT_SIGN_IN=60; these can be changed: ${limit_names[*]}"
# Those of an earlier call.
if [[ -e $run/adjusted ]]; then mapfile -t earlier <"$run/adjusted"; fi
for given in "${earlier[@]}" "$@"; do
  name=${given%%=*}
  [[ $given == *=* && " ${limit_names[*]} " == *" $name "* ]] ||
    fail "$given: no limit; write it like LIMIT_SIGN_IN=60; these can be changed: ${limit_names[*]}"
  printf -v "$name" %s "${given#*=}"
done
default_limits
faults=$(limit_faults)
[[ -z $faults ]] || fail "${faults//$'\n'/$'\n'Error: }"
render_limits "$run/limits.conf.new"
before=$(workers)
replace "$run/limits.conf" || fail "nginx refuses that for the reason above; the limits stay as they were"
settled "$before"
printf '%s\n' "${earlier[@]}" "$@" | sed '/^$/d' >"$run/adjusted"
printf 'nginx limits with %s from now on; write it into .env to keep it\n' "$*"
