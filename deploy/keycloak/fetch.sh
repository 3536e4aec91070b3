#!/usr/bin/env bash
# Fetch Keycloak's archive by Maven, check its sum, unpack it; used by the Dockerfile's throw-away stage alone.
# usage: fetch.sh VERSION SHA256 TARGET
set -o errexit -o nounset -o pipefail

version=$1 sha256=$2 target=$3
archive=/tmp/keycloak/keycloak-quarkus-dist-$version.tar.gz

# A JVM reads only its own trust store, so the builder's bundle is split into single files for Debian's hook to import.
if [[ -s /run/secrets/ca ]]; then
  csplit --quiet --elide-empty-files --prefix=/usr/local/share/ca-certificates/builder- --suffix-format=%04d.crt \
    /run/secrets/ca '/-----BEGIN CERTIFICATE-----/' '{*}'
  update-ca-certificates --fresh >/dev/null
fi
settings=()
if [[ -s /run/secrets/maven ]]; then settings=(--settings=/run/secrets/maven); fi

mvn --batch-mode --quiet "${settings[@]}" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
  "-Dartifact=org.keycloak:keycloak-quarkus-dist:$version:tar.gz" -DoutputDirectory=/tmp/keycloak
echo "$sha256  $archive" | sha256sum --check --strict
mkdir "$target"
tar --extract --gzip --strip-components=1 --no-same-owner --directory="$target" --file="$archive"
rm -rf /tmp/keycloak /root/.m2
