# shellcheck shell=bash
# Build the stack's images; a step whose inputs are unchanged is not done again. Sourced, after settings.sh and docker.sh.

# build_images [OPTION...]: options go to `docker compose`, such as --profile NAME.
build_images() {
  local log said
  # Where the engine was there before, the CA bundle may be elsewhere or absent; a build can do without.
  [[ -r $BUILD_CA ]] || export BUILD_CA=/dev/null
  log=$(mktemp --tmpdir gatehouse-build.XXXXXX)
  images_present || note "the first time this takes some minutes; its log: $log"
  if ! quietly "$log" docker compose --progress plain "$@" build; then
    # What a step of the Dockerfile says about the author's own files is the whole story.
    said=$(sed --quiet --regexp-extended 's/^#[0-9]+ [0-9.]+ (Error: )/\1/p' "$log" | awk '!seen[$0]++')
    if [[ -n $said ]]; then
      printf '%s\nNothing was changed. Mend the above, then run make up again.\n' "$said" >&2
      rm -f "$log"
      exit 1
    fi
    printf 'Error: %s\n' "$(tail -n 1 "$log")" >&2
    tail -n 25 "$log" | sed 's/^/    /' >&2
    if [[ -z ${BUILD_PIP_CONF:-} && (-e /etc/pip.conf || -e ~/.config/pip/pip.conf) ]]; then
      note "pip on this machine has settings of its own, which a build does not see; if it needs them, set BUILD_PIP_CONF in .env"
    fi
    fail "an image could not be built; all of it: $log"
  fi
  rm -f "$log"
}
