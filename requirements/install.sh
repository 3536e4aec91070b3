#!/usr/bin/env bash
# Install one hash-pinned requirement file into /opt/venv, or into VENV with more of pip's options; used by the Dockerfile alone.
# The builder's CA bundle and pip.conf come as build secrets; an empty one means "none".
# usage: install.sh FILE [VENV [OPTION...]]
set -o errexit -o nounset -o pipefail

if [[ -s /run/secrets/ca ]]; then export PIP_CERT=/run/secrets/ca; fi
if [[ -s /run/secrets/pip ]]; then export PIP_CONFIG_FILE=/run/secrets/pip; fi
pip --python "${2:-/opt/venv}/bin/python" install --quiet --require-hashes --only-binary :all: "${@:3}" --requirement "$1"
