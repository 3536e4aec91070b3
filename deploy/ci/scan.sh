#!/usr/bin/env bash
# Look in the lists of `make sbom` for known vulnerabilities that a newer package mends. It needs the way to a registry and
# to Grype's data.
# usage: scan.sh [FOLDER]   exit code 1: there is one of severity high, or there are no lists
set -o errexit -o nounset -o pipefail

readonly folder=${1:-sbom}
# By digest, as a tag may move.
readonly grype=anchore/grype:v0.117.0@sha256:ab8d929faec38875a45aba74c9651549cd096756d1981773c04375f282e91075

shopt -s nullglob
lists=("$folder"/*.cdx.json)
if ((${#lists[@]} == 0)); then
  printf 'Error: %s: holds no lists; make sbom writes them\n' "$folder" >&2
  exit 1
fi
code=0
for list in "${lists[@]}"; do
  printf '==> %s\n' "${list##*/}"
  docker run --rm --interactive --cap-drop ALL "$grype" --fail-on high --only-fixed <"$list" || code=1
done
exit "$code"
