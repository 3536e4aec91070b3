# shellcheck shell=bash
# Streamlit's files of the version before: an open page asks for those that it was loaded with. Sourced by entrypoint.sh.

readonly own=/usr/share/gatehouse/streamlit-static kept=/var/lib/gatehouse/nginx/kept

# keep_assets: where there is a volume, remember this version's files, and those of the one before it.
keep_assets() {
  local version one
  [[ -w $kept ]] || return 0
  version=$(cd "$own" && find . -type f | sort | sha256sum | cut --characters=-16)
  if [[ $(readlink "$kept/now") != "$version" ]]; then
    rm -rf "$kept/new"
    cp --recursive "$own" "$kept/new"
    rm -rf "${kept:?}/$version"
    mv "$kept/new" "$kept/$version"
    if [[ -e $kept/now ]]; then ln --symbolic --force --no-dereference "$(readlink "$kept/now")" "$kept/before"; fi
    ln --symbolic --force --no-dereference "$version" "$kept/now"
  fi
  for one in "$kept"/*/; do
    one=${one%/}
    if [[ -L $one || ${one##*/} == "$version" || ${one##*/} == "$(readlink "$kept/before")" ]]; then continue; fi
    rm -rf "$one"
  done
}
