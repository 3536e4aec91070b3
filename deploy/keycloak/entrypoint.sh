#!/usr/bin/env bash
# Start Keycloak: check settings and secrets, wait for Postgres, render the configuration into memory.
# usage: entrypoint.sh [recover]
#   recover  make the temporary admin client again, when reconcile says that it has lost its access; Keycloak must be
#            stopped, and the next reconcile turns that client into its own
set -o errexit -o nounset -o pipefail
umask 077

readonly secrets=${SECRETS_DIR:-/run/secrets}
readonly folder=secrets/${SECRETS_FOLDER:-keycloak}
readonly template=/etc/gatehouse/keycloak/keycloak.conf.template
readonly configuration=/run/gatehouse/keycloak.conf
readonly database_host=${DATABASE_HOST:-postgres} database_port=${DATABASE_PORT:-5432}
readonly generated='^[A-Za-z0-9_-]{43}$' certificate='^-----BEGIN CERTIFICATE-----.*-----END CERTIFICATE-----$'
readonly remedy="put the file back, or remove it and start again so that prepare makes a new one"

readonly here=${BASH_SOURCE[0]%/*}
# shellcheck source=deploy/container_memory.sh
source "$here/container_memory.sh"
# shellcheck source=deploy/keycloak/memory.sh
source "$here/memory.sh"

fail() {
  printf 'Error: %s\n' "$1" >&2
  exit 1
}

# The public URL; browsers leave :443 out, and issuer and redirects are compared as text.
id_url() {
  local label='[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?' domain=${DOMAIN:-localhost} port=${PORT:-8443}
  [[ ${#domain} -le 249 && $domain =~ ^$label(\.$label)*$ ]] ||
    fail "DOMAIN=$domain: not a lower-case DNS name; use one such as example.com, or localhost"
  [[ $port =~ ^[1-9][0-9]{0,4}$ && $port -le 65535 ]] || fail "PORT=$port: not a port; use a number from 1 to 65535"
  if [[ $port == 443 ]]; then printf 'https://id.%s' "$domain"; else printf 'https://id.%s:%s' "$domain" "$port"; fi
}

# The content of a secret file, if the file is what prepare writes.
secret() {
  local name=$1 pattern=$2 file=$secrets/$1 content
  [[ -e $file ]] || fail "$folder/$name: missing; $remedy"
  [[ -f $file && ! -L $file ]] || fail "$folder/$name: not a plain file; remove it and start again"
  [[ -O $file ]] || fail "$folder/$name: belongs to uid $(stat --format=%u "$file"); chown $EUID $folder/$name"
  [[ $(stat --format=%a "$file") == [4-7]00 ]] || fail "$folder/$name: too open; chmod 0400 $folder/$name"
  [[ -s $file ]] || fail "$folder/$name: empty; $remedy"
  content=$(<"$file")
  [[ $content =~ $pattern ]] || fail "$folder/$name: malformed; $remedy"
  printf '%s' "$content"
}

# Bounded, because depends_on is not honoured when the engine brings containers back.
wait_for_database() {
  local deadline=$((SECONDS + ${DATABASE_PATIENCE:-120})) told=
  until (exec 3<>"/dev/tcp/$database_host/$database_port") 2>/dev/null; do
    ((SECONDS < deadline)) || fail "Postgres at $database_host:$database_port does not answer; see its log, then start again"
    [[ $told ]] || printf 'waiting for Postgres at %s:%s\n' "$database_host" "$database_port"
    told=yes
    sleep 0.5
  done
}

render() {
  local text url name value
  url=$(id_url)
  for name in database_ca.crt issuer_ca.crt; do secret "$name" "$certificate" >/dev/null; done
  text=$(<"$template")
  for name in keycloak_password bootstrap_secret; do
    value=$(secret "$name" "$generated")
    text=${text//"{{$name}}"/"$value"}
  done
  text=${text//"{{ID_URL}}"/"$url"}
  text=${text//"{{DATABASE_HOST}}"/"$database_host"}
  text=${text//"{{DATABASE_PORT}}"/"$database_port"}
  text=${text//"{{DATABASE_CONNECTIONS}}"/"$connections"}
  text=${text//"{{THREADS}}"/"$(threads "$heap" "$connections")"}
  printf '%s\n' "$text" >"$configuration"
}

# After a kill its own dead entry is still in the cluster's table, and ten tries to join it cost 20 s by default.
# Idle memory, measured: 490 MB with Keycloak's own options, 340 MB with these. Serial collector, compact headers and a
# heap that shrinks; two malloc arenas instead of 8 per core.
heap=$(heap_mb "$(memory_mb)")
connections=$(database_connections)
readonly heap connections
export MALLOC_ARENA_MAX=2
export JAVA_OPTS="-XX:+UseSerialGC -XX:+UseCompactObjectHeaders -XX:InitialRAMPercentage=6 -Xmx${heap}m
  -XX:MinHeapFreeRatio=10 -XX:MaxHeapFreeRatio=20 -XX:TrimNativeHeapInterval=10000
  -XX:MaxMetaspaceSize=256m -XX:ReservedCodeCacheSize=96m -Xss512k -XX:+ExitOnOutOfMemoryError
  -Djgroups.join_timeout=500 -Dfile.encoding=UTF-8 -Djdk.tls.rejectClientInitiatedRenegotiation=true"

render
wait_for_database
case ${1:-start} in
  start) exec /opt/keycloak/bin/kc.sh --config-file="$configuration" start --optimized ;;
  recover)
    # The command takes a secret from a terminal or the environment alone; it is in this short process only.
    RECOVERY_SECRET=$(secret bootstrap_secret "$generated")
    export RECOVERY_SECRET
    exec /opt/keycloak/bin/kc.sh --config-file="$configuration" bootstrap-admin service --optimized --no-prompt \
      --client-id=gatehouse-bootstrap --client-secret:env=RECOVERY_SECRET
    ;;
  *) fail "$1: not a word of this entrypoint; use recover, or none to start Keycloak" ;;
esac
