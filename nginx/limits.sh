# shellcheck shell=bash
# The settings of limits.conf.template and clients.sh: their defaults, as in compose.yaml, and what each may be. Sourced by
# entrypoint.sh and adjust.sh, and by deploy/engine/preflight.sh before anything is changed.

readonly limit_names=(
  LIMIT_ADDRESS LIMIT_SESSION LIMIT_SIGN_IN LIMIT_TOKEN LIMIT_UPLOAD LIMIT_HANDSHAKE
  MAX_ADDRESS_REQUESTS MAX_SESSION_REQUESTS MAX_ADDRESS_UPLOADS MAX_HEADER_KB MAX_FORM_KB SLOW_HEADER SLOW_BODY SLOW_READ
)

default_limits() {
  : "${LIMIT_ADDRESS:=12000}" "${LIMIT_SESSION:=1200}"
  : "${LIMIT_SIGN_IN:=300}" "${LIMIT_TOKEN:=60}" "${LIMIT_UPLOAD:=300}" "${LIMIT_HANDSHAKE:=120}"
  : "${MAX_ADDRESS_REQUESTS:=2000}" "${MAX_SESSION_REQUESTS:=200}" "${MAX_ADDRESS_UPLOADS:=128}"
  : "${MAX_HEADER_KB:=32}" "${MAX_FORM_KB:=256}"
  : "${SLOW_HEADER:=10s}" "${SLOW_BODY:=30s}" "${SLOW_READ:=30s}" "${TRUSTED_PROXIES:=}" "${PROXY_PROTOCOL:=}"
}

# whole_number NAME LEAST MOST WHAT
whole_number() {
  [[ ${!1} =~ ^[1-9][0-9]{0,6}$ && ${!1} -ge $2 && ${!1} -le $3 ]] ||
    printf '%s=%s: not %s; use a whole number from %s to %s\n' "$1" "${!1}" "$4" "$2" "$3"
}

# limit_faults: a line for each setting that is wrong.
limit_faults() {
  local name
  for name in LIMIT_ADDRESS LIMIT_SESSION LIMIT_SIGN_IN LIMIT_TOKEN LIMIT_UPLOAD LIMIT_HANDSHAKE; do
    whole_number "$name" 1 1000000 "a number a minute"
  done
  for name in MAX_ADDRESS_REQUESTS MAX_SESSION_REQUESTS MAX_ADDRESS_UPLOADS; do whole_number "$name" 1 65535 "a number of requests"; done
  whole_number MAX_HEADER_KB 8 64 "a number of kilobytes"
  whole_number MAX_FORM_KB 16 10240 "a number of kilobytes"
  for name in SLOW_HEADER SLOW_BODY SLOW_READ; do
    [[ ${!name} =~ ^[1-9][0-9]{0,2}[sm]$ ]] || printf '%s=%s: not a duration; use a whole number with s or m, such as 30s\n' "$name" "${!name}"
  done
  proxy_faults
}

proxy_faults() {
  local octet='(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])' one
  local -a proxies
  IFS=, read -ra proxies <<<"${TRUSTED_PROXIES//[$'\n']/ }"
  for one in "${proxies[@]}"; do
    if [[ $one =~ ^$octet(\.$octet){3}(/([0-9]|[12][0-9]|3[0-2]))?$ ]]; then
      [[ $one != */[0-7] ]] || printf 'TRUSTED_PROXIES=%s: so wide a range would let strangers name any address as theirs; name the proxies alone\n' "$one"
    elif [[ $one == *:*:* && $one =~ ^[0-9a-f:]{2,39}(/([0-9]|[1-9][0-9]|1[01][0-9]|12[0-8]))?$ ]]; then
      [[ ! $one =~ /([0-9]|1[0-5])$ ]] || printf 'TRUSTED_PROXIES=%s: so wide a range would let strangers name any address as theirs; name the proxies alone\n' "$one"
    else
      printf 'TRUSTED_PROXIES=%s: not an address or range; write them like 10.0.0.5,10.1.0.0/24\n' "$one"
    fi
  done
  case $PROXY_PROTOCOL in
  '') ;;
  on) ((${#proxies[@]})) || printf 'PROXY_PROTOCOL=on: nobody is trusted to speak it; set TRUSTED_PROXIES to the addresses of what stands in front\n' ;;
  *) printf 'PROXY_PROTOCOL=%s: set it to on, or leave it out\n' "$PROXY_PROTOCOL" ;;
  esac
}

# render_limits FILE: limits.conf with these values.
render_limits() {
  local name
  for name in "${limit_names[@]}"; do export "${name?}"; done
  # shellcheck disable=SC2016 # envsubst wants the names, not the values
  envsubst "$(printf '${%s} ' "${limit_names[@]}")" <"${here:?}/limits.conf.template" >"$1"
}
