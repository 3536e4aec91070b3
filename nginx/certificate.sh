# shellcheck shell=bash
# The certificate and key that nginx serves: whether they can be used. Sourced by entrypoint.sh and renewal.sh.

readonly secrets=${SECRETS_DIR:-/run/secrets}
readonly folder=secrets/${SECRETS_FOLDER:-nginx}
readonly remedy="remove tls.crt and tls.key there and start again: prepare makes new ones, or takes those in secrets/provided"

fail() {
  printf 'Error: %s\n' "$1" >&2
  exit 1
}

check_file() {
  local name=$1 file=$secrets/$1
  [[ -e $file ]] || fail "$folder/$name: missing; $remedy"
  [[ -f $file && ! -L $file ]] || fail "$folder/$name: not a plain file; $remedy"
  [[ -O $file ]] || fail "$folder/$name: belongs to uid $(stat --format=%u "$file"); chown $EUID $folder/$name"
  [[ $(stat --format=%a "$file") == [4-7]00 ]] || fail "$folder/$name: too open; chmod 0400 $folder/$name"
  [[ -s $file ]] || fail "$folder/$name: empty; $remedy"
}

# check_certificate NAME...: stops with one line unless tls.crt and tls.key can be served for these names.
check_certificate() {
  local certificate=$secrets/tls.crt key=$secrets/tls.key public name
  check_file tls.crt
  check_file tls.key
  public=$(openssl x509 -in "$certificate" -noout -pubkey 2>/dev/null) || fail "$folder/tls.crt: malformed; $remedy"
  # An empty passphrase, so that an encrypted key is refused here instead of asked for.
  [[ $public == "$(openssl pkey -in "$key" -passin pass: -pubout 2>/dev/null || echo malformed)" ]] || {
    openssl pkey -in "$key" -passin pass: -noout 2>/dev/null || fail "$folder/tls.key: malformed or encrypted; $remedy"
    fail "$folder/tls.key: not the key of tls.crt; $remedy"
  }
  openssl x509 -in "$certificate" -noout -checkend 0 >/dev/null || fail "$folder/tls.crt: expired on $(expiry); $remedy"
  for name; do
    openssl x509 -in "$certificate" -noout -checkhost "$name" | grep --quiet ' does match ' ||
      fail "$folder/tls.crt: is not for $name; $remedy"
  done
}

expiry() {
  openssl x509 -in "$secrets/tls.crt" -noout -enddate -dateopt iso_8601 | cut --delimiter== --fields=2
}
