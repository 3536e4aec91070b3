# shellcheck shell=bash
# Packages of Debian trixie on Debian 12 and later, from the mirror this machine already uses. Sourced, after messages.sh.

readonly apt_log=/var/log/gatehouse-apt.log

# sources_of SUITE: where apt looks for it. Asks apt, not its files; needs neither package lists nor network.
sources_of() { apt-get --print-uris update 2>/dev/null | sed -n "s|^'\(https\?://[^']*\)/dists/$1/InRelease' .*|\1|p"; }

codename() { (. /etc/os-release && echo "${VERSION_CODENAME:-}"); }

# debian_mirror: the first of the machine's sources that has Debian's trixie; others use Debian's suite names too.
debian_mirror() {
  local uri folder
  folder=$(mktemp --directory)
  for uri in $(sources_of "$(codename)"); do
    rm -f "$folder/InRelease"
    APT_CONFIG=${BUILD_APT_CONF:-/dev/null} timeout 20 /usr/lib/apt/apt-helper -o Acquire::Retries=1 \
      download-file "${uri%/}/dists/trixie/InRelease" "$folder/InRelease" >/dev/null 2>&1 || continue
    if grep --quiet '^Origin: Debian$' "$folder/InRelease"; then
      rm -rf "$folder"
      echo "${uri%/}"
      return
    fi
  done
  rm -rf "$folder"
  return 1
}

apt_get() {
  DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes --option DPkg::Lock::Timeout=300 "$@" >>"$apt_log" 2>&1 </dev/null
}

# install_packages NAME...: nothing that is installed is removed for it.
install_packages() {
  : >"$apt_log"
  dpkg --configure -a >>"$apt_log" 2>&1 || true # an installation that was killed
  apt_get update || note "not every package source answered; going on with the others"
  apt_get install --no-install-recommends --no-remove "$@" ||
    fail "the packages could not be installed ($*): $(grep '^E:' "$apt_log" | head -n 3); all of it: $apt_log"
}
