#!/usr/bin/env bash
# Pin every Python package with its hashes, for all platforms. Run in the tools image after an .in file changed.
# usage: requirements/compile.sh [--upgrade]
set -o errexit -o nounset -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
for name in app jobs sbom tools setuptools sslyze; do
  uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
    --no-annotate "$@" --output-file "$name.txt" "$name.in"
done
