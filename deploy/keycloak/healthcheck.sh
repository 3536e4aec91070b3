#!/usr/bin/env bash
# Healthy once Keycloak says it is ready, its database included. Without curl, because the image needs it for nothing else.
set -o errexit -o nounset -o pipefail

exec 3<>/dev/tcp/127.0.0.1/9000
printf 'GET /health/ready HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
read -r -t 4 _ status _ <&3
[[ $status == 200 ]]
