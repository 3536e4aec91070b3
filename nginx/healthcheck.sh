#!/usr/bin/env bash
# Healthy when nginx completes a TLS handshake for both names. Whether what is behind it answers is asked there.
set -o errexit -o nounset -o pipefail

for name in app id; do
  timeout 2 openssl s_client -connect "127.0.0.1:${PORT:-8443}" -servername "$name.${DOMAIN:-localhost}" -brief \
    </dev/null >/dev/null 2>&1
done
