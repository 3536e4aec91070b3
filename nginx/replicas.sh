#!/usr/bin/env bash
# Follow the app's replicas: who is there, by the engine's name server, and can serve, by its health route. nginx 1.26 can
# do neither by itself (`resolve` and `sticky` in an upstream came later), so the upstreams are a file and a reload.
# usage: replicas.sh once | replicas.sh follow   both by entrypoint.sh
set -o errexit -o nounset -o pipefail

here=$(dirname "${BASH_SOURCE[0]}")
readonly here file=/run/gatehouse/nginx/replicas.conf
# shellcheck source=nginx/reload.sh
source "$here/reload.sh"
readonly port=8501 interval=1 patience=2 # patience: a replica may miss so many rounds, so a lost one is out after 4 s

addresses() {
  { getent ahostsv4 app || true; } | awk '{ print $1 }' | sort --unique
}

# standing ADDRESS: `ok`, or `aside` for one that only its own sessions reach (app/gatehouse/gate/release.py); else it fails.
standing() {
  local said
  # shellcheck disable=SC2016 # for the inner shell
  said=$(timeout 1 bash -c '
    exec 3<>"/dev/tcp/$0/$1" && printf "GET /healthz HTTP/1.0\r\n\r\n" >&3 && cat <&3
  ' "$1" "$port" 2>/dev/null) || return 1
  [[ $said == "HTTP/1."?" 200 "* ]] || return 1
  if [[ $said == *'"status":"ok"'* ]]; then echo ok; else echo aside; fi
}

# The name by which the gate marks a browser as this replica's (app/gatehouse/gate/wall.py).
name_of() {
  local digest
  digest=$(printf '%s' "$1" | sha256sum)
  printf '%s' "${digest:0:16}"
}

# render ADDRESS=STANDING...: a browser goes to the replica that it is marked with, and to another while that one does not
# answer. Who is not marked goes to one that is `ok`, and only where there is none to those aside.
render() {
  local address other any=()
  for address; do if [[ $address == *=ok ]]; then any+=("${address%=*}"); fi; done
  set -- "${@%=*}"
  if ((${#any[@]} == 0)); then any=("$@"); fi
  echo 'upstream app_any {'
  for address in "${any[@]}"; do printf '    server %s:%s max_fails=1 fail_timeout=2s;\n' "$address" "$port"; done
  if (($# == 0)); then echo '    server 127.0.0.1:9 down; # none yet'; fi
  echo '}'
  for address; do
    printf 'upstream app_%s {\n    server %s:%s max_fails=1 fail_timeout=2s;\n' "$(name_of "$address")" "$address" "$port"
    for other in "${any[@]}"; do
      if [[ $other != "$address" ]]; then printf '    server %s:%s backup;\n' "$other" "$port"; fi
    done
    echo '}'
  done
  # shellcheck disable=SC2016 # nginx's variables
  echo 'map $replica $app_server {'
  for address; do printf '    %s app_%s;\n' "$(name_of "$address")" "$(name_of "$address")"; done
  printf '    default app_any;\n}\n'
}

once() {
  local found=() address how
  for address in $(addresses); do
    if how=$(standing "$address"); then found+=("$address=$how"); fi
  done
  render "${found[@]}" >"$file"
}

follow() {
  local -A missed=() last=()
  local address before='' now how serving present
  while sleep "$interval"; do
    present=$(addresses) serving=()
    for address in $present; do
      if how=$(standing "$address"); then
        missed[$address]=0 last[$address]=$how
      else
        missed[$address]=$((${missed[$address]:-$patience} + 1))
      fi
      if ((missed[$address] < patience)); then serving+=("$address=${last[$address]}"); fi
    done
    now=${serving[*]:-}
    # None can serve: the database is away, or all are starting. Whoever was there says so better than nginx could.
    if [[ $now == "$before" || -z $now ]]; then continue; fi
    before=$now
    render "${serving[@]}" >"$file.new"
    if cmp --silent "$file" "$file.new"; then continue; fi
    if replace "$file"; then
      printf 'replicas of the app: %s\n' "$now"
    else
      printf 'replicas of the app: nginx does not take %s for the reason above; it goes on with those it had\n' "$now" >&2
      before=
    fi
  done
}

"$1"
