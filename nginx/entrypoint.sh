#!/usr/bin/env bash
# Start nginx: check settings and certificate, render names and ports into memory, follow the certificate's renewal.
# usage: entrypoint.sh [command...]   the command, such as `nginx -T`, runs in place of nginx, after the same checks
set -o errexit -o nounset -o pipefail
umask 077

here=$(dirname "${BASH_SOURCE[0]}")
readonly here run=/run/gatehouse/nginx
# shellcheck source=nginx/certificate.sh
source "$here/certificate.sh"
# shellcheck source=nginx/limits.sh
source "$here/limits.sh"
# shellcheck source=nginx/clients.sh
source "$here/clients.sh"
# shellcheck source=nginx/kept.sh
source "$here/kept.sh"

check_settings() {
  local label='[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?' name faults
  [[ ${#DOMAIN} -le 249 && $DOMAIN =~ ^$label(\.$label)*$ ]] ||
    fail "DOMAIN=$DOMAIN: not a lower-case DNS name; use one such as example.com, or localhost"
  for name in PORT HTTP_PORT; do
    [[ ${!name} =~ ^[1-9][0-9]{0,4}$ && ${!name} -le 65535 ]] ||
      fail "$name=${!name}: not a port; use a number from 1 to 65535"
  done
  [[ $PORT != "$HTTP_PORT" ]] || fail "HTTP_PORT=$HTTP_PORT: the same as PORT; give it another number"
  [[ $MAX_UPLOAD_MB =~ ^[1-9][0-9]{0,5}$ ]] || fail "MAX_UPLOAD_MB=$MAX_UPLOAD_MB: not a size; use a number of megabytes"
  faults=$(limit_faults)
  [[ -z $faults ]] || fail "${faults//$'\n'/$'\n'Error: }"
}

render() {
  mkdir --parents "$run"
  export LISTEN_HTTPS LISTEN_STRANGERS LISTEN_HTTP LISTEN_HTTP_STRANGERS
  LISTEN_HTTPS=$(listen "$PORT" ssl) LISTEN_STRANGERS=$(listen "$PORT" ssl default_server)
  LISTEN_HTTP=$(listen "$HTTP_PORT") LISTEN_HTTP_STRANGERS=$(listen "$HTTP_PORT" default_server)
  # shellcheck disable=SC2016 # envsubst wants the names, not the values
  envsubst '${DOMAIN} ${PUBLIC_PORT} ${LISTEN_HTTPS} ${LISTEN_STRANGERS} ${LISTEN_HTTP} ${LISTEN_HTTP_STRANGERS}' \
    <"$here/servers.conf.template" >"$run/servers.conf"
  clients >"$run/clients.conf"
  render_limits "$run/limits.conf"
  # The limit is for the file; the form around it takes a few hundred bytes more.
  printf 'client_max_body_size %sm;\n' "$((MAX_UPLOAD_MB + 1))" >"$run/upload.conf"
}

export DOMAIN=${DOMAIN:-localhost} PORT=${PORT:-8443} HTTP_PORT=${HTTP_PORT:-8080} MAX_UPLOAD_MB=${MAX_UPLOAD_MB:-200}
default_limits
check_settings
export PUBLIC_PORT=:$PORT
[[ $PORT != 443 ]] || PUBLIC_PORT=
check_certificate "app.$DOMAIN" "id.$DOMAIN"
render
keep_assets
"$here/replicas.sh" once
nginx -c "$here/nginx.conf" -q -t || fail "nginx refuses its configuration for the reason above; mend it and start again"

if (($#)); then exec "$@"; fi
"$here/renewal.sh" &
"$here/replicas.sh" follow &
printf 'nginx serves app.%s and id.%s on port %s; certificate valid until %s\n' "$DOMAIN" "$DOMAIN" "$PORT" "$(expiry)"
# nginx writes whole request lines into its error log, and query strings carry codes and tokens: they are cut off.
exec nginx -c "$here/nginx.conf" -g 'daemon off;' 2> >(exec sed --unbuffered 's/?[^ ]*/?.../g' >&2)
