#!/usr/bin/env bash
# Let a machine that is thrown away after the job, such as CI's, reach a cluster: the key, whom to trust, the docker context.
# The key comes on standard input, whom to trust (lines of known_hosts) in SSH_KNOWN_HOSTS.
# usage: connect.sh CONTEXT ssh://USER@MANAGER <KEY
set -o errexit -o nounset -o pipefail
umask 077

fail() {
  printf 'Error: %s\n' "$1" >&2
  exit 1
}

# Found by its name: a configuration file of ssh's would have to belong to root, as whom the rollout runs.
readonly context=${1:-} manager=${2:-} folder=$HOME/.ssh key=$HOME/.ssh/id_ed25519
[[ $context =~ ^[a-z][a-z0-9-]*$ ]] || fail "CONTEXT: is missing; say the one that the environment's file names"
[[ $manager =~ ^ssh://[^@/]+@[^@/]+$ ]] || fail "MANAGER=$manager: is no way to a manager; write ssh://USER@HOST"
[[ -n ${SSH_KNOWN_HOSTS:-} ]] || fail "SSH_KNOWN_HOSTS: is empty; ssh-keyscan HOST, from where you trust the network, prints its lines"
[[ ! -e $key ]] || fail "$key: is there; this is for machines that are thrown away, so connect this one by hand"

mkdir --parents "$folder"
cat >"$key.new"
if ! ssh-keygen -y -P '' -f "$key.new" >/dev/null 2>&1; then
  rm "$key.new"
  fail "standard input: is no private key without a passphrase; give the whole file, its last line too"
fi
printf '%s\n' "$SSH_KNOWN_HOSTS" >>"$folder/known_hosts"
mv "$key.new" "$key"
docker context create "$context" --docker "host=$manager" >/dev/null
printf 'context %s leads to %s\n' "$context" "$manager"
