# shellcheck shell=bash
# Who a client is: the stack's own containers, which are not counted, and proxies in front, who say whom they speak for.
# Sourced by entrypoint.sh. From /proc, as there is no `ip` here.

readonly routes=/proc/net/route addresses=/proc/net/fib_trie

# 0011A8C0, as the kernel writes it, is 192.168.17.0.
dotted() { printf '%d.%d.%d.%d' "0x${1:6:2}" "0x${1:4:2}" "0x${1:2:2}" "0x${1:0:2}"; }

number() {
  local a b c d
  IFS=. read -r a b c d <<<"$1"
  echo $((a << 24 | b << 16 | c << 8 | d))
}

# own_networks: address and mask of each network without a way out, which nobody but the stack's containers is on. With
# only one network, or the one that leads out, there is none.
own_networks() {
  local outward interface destination gateway mask _
  outward=$(awk '$2 == "00000000" { print $1; exit }' "$routes")
  printf '127.0.0.0 255.0.0.0\n'
  while read -r interface destination gateway _ _ _ _ mask _; do
    [[ $gateway == 00000000 && $interface != "$outward" ]] || continue
    printf '%s %s\n' "$(dotted "$destination")" "$(dotted "$mask")"
  done <"$routes"
}

# own_addresses: this container's own addresses on them.
own_addresses() {
  local address network mask
  awk '/32 host LOCAL/ { print last } { last = $2 }' "$addresses" | sort --unique | while read -r address; do
    while read -r network mask; do
      if ((($(number "$address") & $(number "$mask")) == $(number "$network"))); then echo "$address"; fi
    done < <(own_networks)
  done
}

prefix() {
  local bits=0 left
  for ((left = $(number "$1"); left; left = left << 1 & 0xffffffff)); do bits=$((bits + 1)); done
  echo "$bits"
}

# clients: for nginx. Own is who is there on the wire, whatever a proxy says of its clients.
clients() {
  local network mask proxy
  # shellcheck disable=SC2016 # nginx's variables
  echo 'geo $realip_remote_addr $own {'
  while read -r network mask; do printf '    %s/%s 1;\n' "$network" "$(prefix "$mask")"; done < <(own_networks)
  printf '    default 0;\n}\n'
  [[ -n $TRUSTED_PROXIES ]] || return 0
  tr , '\n' <<<"$TRUSTED_PROXIES" | while read -r proxy; do printf 'set_real_ip_from %s;\n' "$proxy"; done
  # The nearest address that is no trusted proxy's: what stands further left in the header, its sender chose.
  echo 'real_ip_recursive on;'
  printf 'real_ip_header %s;\n' "$([[ $PROXY_PROTOCOL == on ]] && echo proxy_protocol || echo X-Forwarded-For)"
}

# listen PORT OPTION...: nginx's directives. The stack's own containers come past the proxy, and speak no PROXY protocol.
listen() {
  local port=$1 options=${*:2} address
  if [[ $PROXY_PROTOCOL != on ]]; then
    echo "listen $port${options:+ $options};"
    return
  fi
  echo "listen $port${options:+ $options} proxy_protocol;"
  own_addresses | while read -r address; do echo "    listen $address:$port${options:+ $options};"; done
}
