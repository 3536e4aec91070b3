#!/usr/bin/env bash
# Bring the one base image of the Dockerfile: kept when present, else pulled by digest, else built from Debian's packages.
set -o errexit -o nounset -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/engine/messages.sh
source "$here/messages.sh"
# shellcheck source=deploy/engine/docker.sh
source "$here/docker.sh"
# shellcheck source=deploy/engine/apt.sh
source "$here/apt.sh"

readonly base=gatehouse-base:trixie
readonly published=debian:trixie-slim@sha256:d7e12182ce18b85b93007c1dedf31f2d29e01ccf3182cc4017c709b6259bc132
readonly work=/var/cache/gatehouse

can_build() { ((EUID == 0)) && command -v apt-get >/dev/null; }

pull() {
  local seconds=300
  ! can_build || seconds=15 # a slow registry is no reason to wait where packages do as well
  timeout "$seconds" docker pull --quiet "$published" >/dev/null 2>&1 && docker tag "$published" "$base"
}

# The tag is set last, on a whole image: a build that is killed leaves no base, and the next run starts over.
build() {
  local mirror security image='' log=/var/log/gatehouse-base.log
  local sources=()
  exec 8>/run/lock/gatehouse-engine
  flock 8
  if image_present "$base"; then return; fi
  command -v mmdebstrap >/dev/null || install_packages mmdebstrap
  mirror=$(debian_mirror) || fail "no Debian mirror in apt's sources answers; check them and the network, then run this again"
  [[ $mirror != *@* ]] || fail "the address of apt's mirror holds a password, which would end up in the image; move it to /etc/apt/auth.conf.d"
  security=$(sources_of "$(codename)-security")
  sources+=("deb $mirror trixie main" "deb $mirror trixie-updates main")
  [[ -z $security ]] || sources+=("deb ${security%%$'\n'*} trixie-security main")
  # A folder of its own, so that what a killed run left is found and removed.
  rm -rf --one-file-system "$work"
  mkdir --parents "$work"
  if ! image=$(TMPDIR=$work mmdebstrap --variant=minbase --include=ca-certificates trixie - "${sources[@]}" 2>"$log" | docker import - 2>>"$log"); then
    [[ -z $image ]] || docker rmi "$image" >/dev/null 2>&1 || true
    fail "the base image could not be built: $(grep -E '^(E:|Error)' "$log" | tail -n 1); all of it: $log"
  fi
  rm -rf --one-file-system "$work"
  docker tag "$image" "$base"
}

if image_present "$base"; then exit 0; fi
if pull; then
  note "pulled $published"
elif can_build; then
  note "no container registry answers; building it from Debian's packages"
  build
else
  fail "no container registry answers, and only root on Debian can build the base from packages: run \`make up\` once as root, or tag a Debian trixie image as $base"
fi
