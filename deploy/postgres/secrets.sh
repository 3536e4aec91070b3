# shellcheck shell=bash
# Check secret files before use. Each failure is one line: the file, what is wrong, what to do. No value is ever printed.

readonly secrets=${SECRETS_DIR:-/run/secrets}

fail() {
  printf 'Error: %s\n' "$1" >&2
  exit 1
}

# A secret of ours: a plain file, belonging to this user, closed to all others, not empty.
check_secret() {
  local folder=$1 name=$2 file=$secrets/$2 mode
  [[ -d $secrets && -x $secrets ]] ||
    fail "secrets/$folder: not a folder that uid $EUID may enter; chown it to $EUID, chmod 0700 and start again"
  [[ -e $file || -L $file ]] || fail "secrets/$folder/$name: missing; run \`docker compose up\`, which makes a new one"
  [[ -f $file && ! -L $file ]] || fail "secrets/$folder/$name: not a plain file; remove it and start again"
  [[ -O $file ]] ||
    fail "secrets/$folder/$name: belongs to uid $(stat --format=%u "$file"), not $EUID; chown $EUID secrets/$folder/$name"
  mode=$(stat --format=%a "$file")
  [[ $mode == [4-7]00 ]] || fail "secrets/$folder/$name: mode $mode, must be 400; chmod 0400 secrets/$folder/$name"
  [[ -s $file ]] || fail "secrets/$folder/$name: empty; remove it and start again, which makes a new one"
}

# The public key in a certificate or of a private key, for comparison.
public_key_of() {
  local kind=$1 file=$2
  case $kind in
  certificate) openssl x509 -in "$file" -noout -pubkey ;;
  key) openssl pkey -in "$file" -passin pass: -pubout ;;
  esac 2>/dev/null
}

# The server's certificate and key: parse, belong together, still valid.
check_certificate() {
  local folder=${SECRETS_FOLDER:-postgres} certificate key remedy
  remedy="remove server.crt and server.key there and start again, which makes new ones"
  check_secret "$folder" server.crt
  check_secret "$folder" server.key
  certificate=$(public_key_of certificate "$secrets/server.crt") ||
    fail "secrets/$folder/server.crt: not a certificate in PEM form; $remedy"
  key=$(public_key_of key "$secrets/server.key") ||
    fail "secrets/$folder/server.key: not a private key in PEM form without passphrase; $remedy"
  [[ $certificate == "$key" ]] || fail "secrets/$folder/server.key: not the key of server.crt; $remedy"
  openssl x509 -in "$secrets/server.crt" -noout -checkend 0 >/dev/null ||
    fail "secrets/$folder/server.crt: has expired; $remedy"
}
