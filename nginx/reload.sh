# shellcheck shell=bash
# Have nginx take what has changed on disk. Sourced by renewal.sh, replicas.sh and adjust.sh.

# reload: fails, with nginx's reason, when the configuration is not good; nginx then goes on with the one it has. When it
# is, old workers stay for their open connections, websockets above all (worker_shutdown_timeout).
reload() {
  nginx -c "${here:?}/nginx.conf" -q -t && kill -HUP "$(</run/gatehouse/nginx/nginx.pid)"
}

# replace FILE: put FILE.new in its place if nginx takes it, and keep FILE as it is if not.
replace() {
  cp "$1" "$1.old"
  mv "$1.new" "$1"
  if reload; then return; fi
  mv "$1.old" "$1"
  return 1
}
