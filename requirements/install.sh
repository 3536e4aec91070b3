#!/usr/bin/env bash
# Install one hash-pinned requirement file into /opt/venv; used by the Dockerfile alone.
# The builder's CA bundle and pip.conf come as build secrets; an empty one means "none".
# usage: install.sh FILE
set -o errexit -o nounset -o pipefail

if [[ -s /run/secrets/ca ]]; then export PIP_CERT=/run/secrets/ca; fi
if [[ -s /run/secrets/pip ]]; then export PIP_CONFIG_FILE=/run/secrets/pip; fi
pip --python /opt/venv/bin/python install --quiet --require-hashes --only-binary :all: --requirement "$1"
