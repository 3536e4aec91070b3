# shellcheck shell=bash
# Have nginx take what has changed on disk. Sourced by renewal.sh, replicas.sh and adjust.sh.

# reload: fails, with nginx's reason, when the configuration is not good; nginx then goes on with the one it has. When it
# is, old workers stay for their open connections, websockets above all (worker_shutdown_timeout).
reload() {
  nginx -c "${here:?}/nginx.conf" -q -t && kill -HUP "$(</run/gatehouse/nginx/nginx.pid)"
}

# Those that take new connections.
workers() {
  grep --files-with-matches --null-data --line-regexp 'nginx: worker process' /proc/[0-9]*/cmdline 2>/dev/null || true
}

# settled WORKERS: wait until the workers of before take no new connections.
settled() {
  local _
  for _ in {1..50}; do
    if ! grep --quiet --line-regexp --fixed-strings "$1" <<<"$(workers)"; then return; fi
    sleep 0.1
  done
}

# replace FILE: put FILE.new in its place if nginx takes it, and keep FILE as it is if not.
replace() {
  cp "$1" "$1.old"
  mv "$1.new" "$1"
  if reload; then return; fi
  mv "$1.old" "$1"
  return 1
}
