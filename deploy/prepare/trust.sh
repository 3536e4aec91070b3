#!/usr/bin/env bash
# Put the local CA of the current DOMAIN into this machine's trust store and its user's browsers, or take it out again.
# The CA can sign for DOMAIN alone. Settings: DOMAIN and SECRETS, from the environment or .env as Compose takes them.
# usage: trust.sh [--remove]
set -o errexit -o nounset -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=deploy/engine/messages.sh
source deploy/engine/messages.sh

# setting NAME DEFAULT
setting() {
  local value=${!1-}
  if [[ -z $value && -f .env ]]; then
    value=$(sed -nE "s/^$1=[\"']?([^\"'#[:space:]]*).*/\1/p" .env | tail -n 1)
  fi
  printf '%s' "${value:-$2}"
}

# browsers: the NSS databases of the user who called, as Chromium and Firefox keep them.
browsers() {
  find "$home/.pki/nssdb" "$home/.mozilla/firefox" "$home/snap/firefox/common/.mozilla/firefox" \
    -name cert9.db -printf '%h\n' 2>/dev/null || true
}

# as_user command...: NSS databases must stay their owner's.
as_user() { runuser --user "$user" -- "$@"; }

# refresh: rebuild the machine's store; Debian's tool warns about its own bundle, so only a failure is told.
refresh() {
  local said
  said=$(update-ca-certificates 2>&1) || fail "update-ca-certificates: $said"
}

domain=$(setting DOMAIN localhost)
secrets=$(setting SECRETS ./secrets)
authority=$secrets/ca/$domain/ca.crt
name=gatehouse-$domain
trusted=/usr/local/share/ca-certificates/$name.crt

case ${1-} in
'' | --remove) ;;
*) fail "unknown option $1; usage: trust.sh [--remove]" ;;
esac
if [[ $(uname) == Darwin ]]; then
  note "macOS: sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain $authority"
  note "to remove it: Keychain Access, System, the certificate named Gatehouse $domain"
  exit 0
fi
[[ $(id -u) == 0 ]] || fail "only root may change the trust store; run: sudo make trust"
command -v update-ca-certificates >/dev/null ||
  fail "update-ca-certificates is missing (Debian's package ca-certificates); elsewhere: trust anchor $authority"
user=${SUDO_USER:-$(id -un)}
home=$(getent passwd "$user" | cut -d: -f6)

if [[ ${1-} == --remove ]]; then
  rm -f "$trusted"
  refresh
  if command -v certutil >/dev/null; then
    while read -r database; do
      if as_user certutil -D -d "sql:$database" -n "$name" 2>/dev/null; then note "removed from $database"; fi
    done < <(browsers)
  fi
  note "$name is no longer trusted by this machine"
  exit 0
fi

if [[ -e $secrets/provided/tls.crt ]]; then
  note "you provide your own certificate in $secrets/provided: what signed it must be trusted, not a local CA"
  exit 0
fi
[[ -s $authority ]] || fail "$authority is missing: no certificate was made for DOMAIN=$domain yet; run: make up"
install -m 0644 "$authority" "$trusted"
refresh
note "this machine trusts $trusted"
if command -v openssl >/dev/null; then
  openssl x509 -in "$trusted" -noout -subject -enddate -ext nameConstraints | sed 's/^/    /'
fi

if ! command -v certutil >/dev/null; then
  note "Chromium and Firefox keep a list of their own: apt-get install libnss3-tools and run this again,"
  note "or import that file in their settings, under certificates, authorities"
else
  while read -r database; do
    as_user certutil -D -d "sql:$database" -n "$name" 2>/dev/null || true
    as_user certutil -A -d "sql:$database" -n "$name" -t C,, -i "$trusted"
    note "added to $database; restart that browser"
  done < <(browsers)
fi
note "a browser on another machine (ssh -L): copy that file there and import it; to undo: $0 --remove"
