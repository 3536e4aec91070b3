#!/usr/bin/env bash
# Write what each image of the stack holds to ./sbom, or another folder, as CycloneDX JSON. An image is read, never run.
# usage: sbom.sh [FOLDER]
set -o errexit -o nounset -o pipefail

folder=$(realpath --canonicalize-missing "${1:-sbom}")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/engine/messages.sh
source "$here/messages.sh"
# shellcheck source=deploy/engine/settings.sh
source "$here/settings.sh"
# shellcheck source=deploy/engine/docker.sh
source "$here/docker.sh"
# shellcheck source=deploy/engine/images.sh
source "$here/images.sh"

container=

# shellcheck disable=SC2317,SC2329 # the trap's
clean() { [[ -z $container ]] || docker rm "$container" >/dev/null; }

# write IMAGE: its list, whole or not at all.
write() {
  local image=$1 file id
  file=$folder/${image%:*}.cdx.json
  id=$(docker image inspect --format '{{.Id}}' "$image")
  container=$(docker create "$image")
  docker export "$container" | docker run --rm --interactive --network none --read-only --cap-drop ALL \
    "gatehouse-sbom:$TAG" "${image%:*}" "$id" >"$file.new"
  mv "$file.new" "$file"
  docker rm "$container" >/dev/null
  container=
  note "$file: $(grep --count '"purl":' "$file") packages"
}

write_all() {
  local image images
  images=$(docker compose config --images | sort --unique)
  mkdir --parents "$folder"
  rm --force "$folder"/*.cdx.json*
  for image in $images; do write "$image"; done
}

trap clean EXIT
load_settings
step "Container engine" "$here/engine.sh"
step "Base image" "$here/base.sh"
step "Images" build_images --profile sbom
step "Lists of packages" write_all
