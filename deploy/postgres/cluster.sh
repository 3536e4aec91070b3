# shellcheck shell=bash
# The data volume: one directory per major version, so that an upgrade finds old and new side by side.

readonly volume=/var/lib/postgresql major=17
readonly data=$volume/$major/main

# Refuse a volume that this server must not touch, before anything in it is changed.
check_volume() {
  local found directory version
  [[ -w $volume && -x $volume ]] || fail "data volume: uid $EUID cannot write to it; chown it to $EUID and start again"
  if [[ -d $data ]]; then
    [[ -s $data/PG_VERSION ]] || fail "data volume: $data has no PG_VERSION, so it is damaged; restore it from a backup"
    version=$(<"$data/PG_VERSION")
    [[ $version == "$major" ]] || fail "data volume: $data holds data of Postgres $version, and this image runs $major; $(other_major "$version")"
    return
  fi
  # Every layout that images use: the volume itself, data/, 18/docker, 16/main.
  for found in "$volume"/PG_VERSION "$volume"/*/PG_VERSION "$volume"/*/*/PG_VERSION; do
    directory=${found%/PG_VERSION}
    [[ -e $found && $directory != "$data.new" ]] || continue
    version=$(<"$found")
    fail "data volume: $directory holds data of Postgres $version, and this image expects $major in $data; $(other_major "$version")"
  done
}

other_major() {
  printf 'start it with the image of %s, or bring the data over with pg_upgrade or pg_dump (nothing was changed)' "$1"
}

# The name says whether initdb came to its end: a kill before the rename leaves only main.new, which is made afresh.
initialise() {
  printf 'initialising %s\n' "$data"
  mkdir -p "${data%/*}"
  rm -rf "$data.new"
  # The builtin provider's collation does not change with glibc, which would silently corrupt indexes.
  initdb --pgdata="$data.new" --username=postgres --auth-local=peer --auth-host=scram-sha-256 --data-checksums \
    --encoding=UTF8 --locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C.UTF-8 >/dev/null ||
    fail "data volume: initdb failed, see the lines above; mostly the disk is full"
  mv --no-target-directory "$data.new" "$data"
  sync "${data%/*}" "$volume"
}
