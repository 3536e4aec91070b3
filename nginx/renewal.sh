#!/usr/bin/env bash
# Let nginx take a renewed certificate, without a restart: open connections stay. Started by entrypoint.sh.
set -o errexit -o nounset -o pipefail

here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=nginx/certificate.sh
source "$here/certificate.sh"
# shellcheck source=nginx/reload.sh
source "$here/reload.sh"

stamp() {
  stat --format='%i %s %Y' "$secrets/tls.crt" "$secrets/tls.key" 2>&1 || true
}

settled=$(stamp)
before=$settled
while sleep 4; do
  now=$(stamp)
  # Two files can't be replaced at once: what has just changed is looked at again before it is judged.
  if [[ $now != "$before" ]]; then
    before=$now
  elif [[ $now != "$settled" ]]; then
    settled=$now
    if (check_certificate "app.$DOMAIN" "id.$DOMAIN") && reload; then
      printf '%s/tls.crt: renewed, valid until %s; nginx reloads\n' "$folder" "$(expiry)"
    else
      printf '%s: the certificate that was there before stays in use until this is mended\n' "$folder" >&2
    fi
  fi
done
