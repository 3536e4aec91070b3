#!/usr/bin/env bash
# Bring a container engine to this machine. Where one works, nothing is touched.
set -o errexit -o nounset -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/engine/messages.sh
source "$here/messages.sh"
# shellcheck source=deploy/engine/docker.sh
source "$here/docker.sh"
# shellcheck source=deploy/engine/apt.sh
source "$here/apt.sh"

readonly daemon_log=/var/log/gatehouse-engine.log
readonly wait_seconds=60
readonly by_hand="install Docker Engine $oldest_engine or newer with Compose $oldest_compose or newer and buildx, then run this again"
PATH=$PATH:/usr/sbin:/sbin # `su` without `-` leaves them out

missing_packages() {
  command -v dockerd >/dev/null || engine_answers || printf '%s\n' docker.io iptables ca-certificates
  command -v docker >/dev/null || echo docker-cli
  compose_present || echo docker-compose
  buildx_present || echo docker-buildx
}

# Debian 12's own engine is 20.10 with Compose v1, so these come from trixie, pinned so that nothing else ever does.
prefer_trixie() {
  local mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  mirror=$(debian_mirror) || fail "no Debian mirror in apt's sources answers; check them and the network, then run this again"
  if [[ -z $(sources_of trixie) ]]; then
    printf '%s\n' "Types: deb" "URIs: $mirror" "Suites: trixie" "Components: main" "Signed-By: $keyring" \
      >/etc/apt/sources.list.d/gatehouse-engine.sources
  fi
  cat >/etc/apt/preferences.d/gatehouse-engine <<PIN
Package: *
Pin: release o=Debian,n=trixie
Pin-Priority: 90

Package: docker.io docker-cli docker-compose docker-buildx containerd
Pin: release o=Debian,n=trixie
Pin-Priority: 600
PIN
}

# The engine's own default is 31 networks, fewer where the machine has routes in those ranges; a stack takes six.
# https://docs.docker.com/reference/cli/dockerd/ (default-address-pools)
write_daemon_settings() {
  [[ ! -e /etc/docker/daemon.json ]] || return 0
  mkdir --parents /etc/docker
  printf '{"default-address-pools": [%s, %s]}\n' \
    '{"base": "172.16.0.0/12", "size": 24}' '{"base": "192.168.0.0/16", "size": 24}' >/etc/docker/daemon.json
}

install_engine() {
  local answer packages=("$@")
  case $(. /etc/os-release && echo "$ID $(codename)") in
    "debian bookworm") ;;
    "debian trixie" | "debian forky" | "debian sid") ;;
    *) fail "no working engine, and only on Debian 12 or newer it is installed for you: $by_hand" ;;
  esac
  note "no working engine; to be installed from Debian trixie: ${packages[*]}"
  if [[ -t 0 ]]; then
    read -r -p "    Install them on this machine? [Y/n] " answer
    [[ ${answer:-y} =~ ^[Yy] ]] || fail "nothing was installed; $by_hand"
  fi
  [[ $(codename) != bookworm ]] || prefer_trixie
  [[ " ${packages[*]} " != *" docker.io "* ]] || write_daemon_settings
  install_packages "${packages[@]}"
}

# A daemon that was killed leaves its pid file, and the next one refuses to start while any process, even a dead one that
# nobody has waited for, has that number (https://github.com/moby/moby/issues/46988).
remove_stale_pid_file() {
  local file=$1 name=$2 pid state
  [[ -f $file ]] || return 0
  pid=$(<"$file")
  state=$(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$pid/status" 2>/dev/null) || state=
  if [[ -z $state || $state == [ZX] || $(cat "/proc/$pid/comm" 2>/dev/null) != "$name" ]]; then rm -f "$file"; fi
}

start_daemon() {
  if [[ -d /run/systemd/system ]]; then
    systemctl reset-failed docker.service docker.socket 2>/dev/null || true
    systemctl enable --now docker.service || fail "the engine did not start: $(journalctl --unit=docker --lines=3 --output=cat)"
    return
  fi
  remove_stale_pid_file /run/docker.pid dockerd
  remove_stale_pid_file /run/docker/containerd/containerd.pid containerd
  # Locks are held by open files, so the daemon must not inherit them.
  setsid dockerd >>"$daemon_log" 2>&1 </dev/null 8>&- 9>&- &
}

wait_for_daemon() {
  local deadline=$((SECONDS + wait_seconds))
  until engine_answers; do
    ((SECONDS < deadline)) || fail "the engine did not answer within $wait_seconds s: $(tail -n 3 "$daemon_log" 2>/dev/null)"
    sleep 0.5
  done
}

say_why_not_as_this_user() {
  local user socket=/var/run/docker.sock
  user=$(id --user --name)
  if [[ -S $socket && ! -w $socket ]]; then
    fail "$user may not use the engine on this machine; as root: usermod --append --groups docker $user, then sign in again"
  fi
  fail "no working engine, and $user is not root: run \`make up\` once as root, or have installed docker.io docker-cli docker-compose docker-buildx of Debian trixie"
}

main() {
  local packages old
  if ! engine_works; then
    [[ -z ${DOCKER_HOST:-} ]] || engine_answers || fail "no engine answers at DOCKER_HOST=$DOCKER_HOST; start it, or unset DOCKER_HOST"
    ((EUID == 0)) || say_why_not_as_this_user
    exec 8>/run/lock/gatehouse-engine
    flock 8
    mapfile -t packages < <(missing_packages)
    ((${#packages[@]} == 0)) || install_engine "${packages[@]}"
    if ! engine_answers; then
      note "starting the engine"
      start_daemon
      wait_for_daemon
    fi
    engine_works || fail "$(command -v docker) finds no Compose or buildx: $(docker compose version 2>&1 | head -n 1); remove or update that client, then run this again"
  fi
  if old=$(engine_too_old); then fail "$old, which is too old: $by_hand"; fi
}

main
