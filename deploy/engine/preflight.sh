# shellcheck shell=bash
# What would make `make up` fail, found before anything is changed; all of it is said at once. Sourced, after settings.sh,
# docker.sh and apt.sh.
# shellcheck disable=SC2154 # project: settings.sh

readonly first_disk_gb=8   # images, build cache and data of a first start
readonly least_disk_gb=1   # below this Postgres is in danger
readonly first_memory_gb=3 # the largest build steps and the running stack

problems=0
problem() {
  local name=${1%%[^A-Z_]*}
  printf 'Error: %s%s\n' "$(where_set "${name:-?}")" "$*" >&2
  problems=$((problems + 1))
}

preflight() {
  problems=0
  check_names
  check_limits
  check_acme
  check_app_folder
  check_build_files
  check_other_checkout
  check_port PORT
  check_port HTTP_PORT
  check_room
  check_network
  if ((problems > 0)); then
    printf 'Nothing was changed. Mend the above, then run this again.\n' >&2
    exit 1
  fi
}

check_names() {
  local label='[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?' octet='(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])' name
  # What browsers read as an address is no name: https://url.spec.whatwg.org/#ends-in-a-number-checker
  if [[ ! $DOMAIN =~ ^$label(\.$label)*$ || ${DOMAIN##*.} =~ ^([0-9]+|0x[0-9a-f]*)$ || ${#DOMAIN} -gt 249 ]]; then
    problem "DOMAIN=$DOMAIN is no domain name; write it like apps.example.com, in lower case, without scheme and port"
  elif [[ $DOMAIN == internal ]]; then
    problem "DOMAIN=internal is reserved; use a name below it, such as apps.internal"
  fi
  for name in PORT HTTP_PORT; do
    [[ ${!name} =~ ^[1-9][0-9]{0,4}$ && ${!name} -le 65535 ]] || problem "$name=${!name} is no port; write a number from 1 to 65535"
  done
  [[ $PORT != "$HTTP_PORT" ]] || problem "PORT and HTTP_PORT are both $PORT; give each its own"
  if [[ ! $BIND =~ ^$octet(\.$octet){3}$ ]]; then
    problem "BIND=$BIND is no IPv4 address; write 127.0.0.1, 0.0.0.0 or an address of this machine"
  elif [[ $BIND != 127.* && $DOMAIN == localhost ]]; then
    problem "BIND=$BIND would show the demo, with its generated users, to others; set DOMAIN to a name of your own, or keep BIND=127.0.0.1"
  elif [[ $BIND != 127.* && $BIND != 0.0.0.0 ]] && ! grep --quiet --fixed-strings --word-regexp -- "|-- $BIND" /proc/net/fib_trie; then
    problem "BIND=$BIND is no address of this machine"
  fi
}

# What the app itself would refuse, after its images were built and the running one was gone.
check_limits() {
  local name
  while IFS= read -r name; do problem "$name"; done < <(nginx_faults)
  for name in MAX_UPLOAD_MB REPLICAS MAX_SESSIONS MAX_TABS MAX_MESSAGE_MB; do
    [[ ${!name:-1} =~ ^[1-9][0-9]{0,3}$ ]] || problem "$name=${!name} is no whole number above 0; correct it in .env"
  done
  for name in APP_MEMORY POSTGRES_MEMORY KEYCLOAK_MEMORY; do
    [[ ${!name:-1g} =~ ^[1-9][0-9]*([kmgKMG][bB]?)?$ ]] || problem "$name=${!name} is no size; write it like 768m or 2g"
  done
  for name in IDLE ABSOLUTE REAUTH RECHECK RUN_LIMIT; do
    [[ ${!name:-1s} =~ ^[1-9][0-9]{0,6}[smhd]$ ]] ||
      problem "$name=${!name} is no duration; write a whole number with s, m, h or d, such as 90s, 30m or 12h"
  done
  [[ -z ${EGRESS:-} || $EGRESS == open || $EGRESS == closed ]] || problem "EGRESS=$EGRESS: set it to open, or leave it out"
  for name in HTTPS_PROXY HTTP_PROXY; do
    if [[ ${!name:-} == *@* ]]; then
      problem "$name holds a user or password; move the whole line, quoted, to $SECRETS/provided/secrets.toml"
    elif [[ -n ${!name:-} && ! ${!name} =~ ^https?://[^/]+ ]]; then
      problem "$name=${!name} is no proxy; write it like http://proxy.example.com:3128"
    fi
  done
  [[ -z ${IDENTITY:-} || $IDENTITY == external ]] || problem "IDENTITY=$IDENTITY: set it to external, or leave it out"
}

# What nginx would refuse, by its own rules.
nginx_faults() (
  # shellcheck source=nginx/limits.sh
  source nginx/limits.sh
  default_limits
  limit_faults
)

# The short form of what prepare refuses (deploy/prepare/settings.py), before anything is built.
check_acme() {
  [[ -n ${ACME:-} ]] || return 0
  [[ $ACME =~ ^(letsencrypt|letsencrypt-staging|https://[^[:space:]/@]+(/[^[:space:]]*)?)$ ]] ||
    problem "ACME=$ACME is no ACME authority; write letsencrypt, letsencrypt-staging, or the https:// URL of another's directory"
  [[ $DOMAIN != localhost ]] || problem "ACME: there is no certificate for localhost; set DOMAIN to a name of your own, or leave ACME out"
  [[ ${ACME_CHALLENGE:-http-01} =~ ^(http|dns)-01$ ]] || problem "ACME_CHALLENGE=$ACME_CHALLENGE is no challenge; write http-01 or dns-01"
  [[ ! -e $SECRETS/provided/tls.crt ]] || problem "$SECRETS/provided/tls.crt is there while ACME is set; remove it and its key to use ACME, or leave ACME out"
}

check_app_folder() {
  if [[ ! -d $APP ]]; then
    problem "APP=$APP is not there; set it to the folder that holds your app, or to its script"
  elif [[ -n ${APP_SCRIPT:-} ]]; then
    [[ $APP_SCRIPT == *.py && -f $APP/$APP_SCRIPT ]] || problem "APP=$APP/$APP_SCRIPT is no Python file"
  elif [[ ! -f $APP/main.py && ! -f $APP/streamlit_app.py && ! -f $APP/app.py ]]; then
    problem "APP=$APP holds no main.py, streamlit_app.py or app.py"
  elif [[ -e $APP/.streamlit/secrets.toml ]]; then
    problem "$APP/.streamlit/secrets.toml would end up in an image; move it to $SECRETS/provided/secrets.toml"
  fi
}

check_build_files() {
  local name
  for name in BUILD_CA BUILD_PIP_CONF BUILD_APT_CONF BUILD_MAVEN_SETTINGS BUILD_NPMRC EGRESS_CA; do
    # A bare machine gets its CA bundle together with the engine.
    [[ $name == BUILD_CA && $BUILD_CA == "$(default_of BUILD_CA)" && ! -e $BUILD_CA ]] && continue
    [[ -z ${!name:-} || (-r ${!name} && ! -d ${!name}) ]] || problem "$name=${!name} is not a file that can be read"
  done
}

# Two checkouts under one project name would share volumes, but not the secrets that open them.
check_other_checkout() {
  local container folder
  engine_answers || return 0
  container=$(containers)
  [[ -n $container ]] || return 0
  folder=$(docker inspect --format '{{index .Config.Labels "com.docker.compose.project.working_dir"}}' "${container%%$'\n'*}")
  if [[ $folder != "$PWD" && -e $folder/compose.yaml ]]; then
    problem "the project $project already runs from $folder; set COMPOSE_PROJECT_NAME, PORT and HTTP_PORT here, or \`make down\` there"
  fi
}

# listener PORT: inode of the socket that would be in the way of BIND:PORT. From /proc: a bare machine has no ss.
listener() {
  local a b c d
  IFS=. read -r a b c d <<<"$BIND"
  awk -v port="$(printf '%04X' "$1")" -v bind="$(printf '%02X%02X%02X%02X' "$d" "$c" "$b" "$a")" '
    $4 == "0A" && split($2, at, ":") && at[2] == port &&
      (bind == "00000000" || at[1] ~ /^0+$/ || substr(at[1], length(at[1]) - 7) == bind) { print $10; exit }
  ' /proc/net/tcp /proc/net/tcp6 2>/dev/null || true
}

check_port() {
  local number=${!1} inode holder=''
  [[ $number =~ ^[0-9]+$ && $BIND =~ ^[0-9.]+$ ]] || return 0
  inode=$(listener "$number")
  [[ -n $inode ]] || return 0
  if engine_answers; then
    [[ -z $(containers publish="$number") ]] || return 0
    holder=$(docker ps --filter "publish=$number" --format 'container {{.Names}}')
  fi
  [[ -n $holder ]] || holder=$(program_of "$inode")
  problem "$1=$number is taken by ${holder%%$'\n'*}; stop it, or set $1 to a free port"
}

# program_of INODE: who holds that socket; only root may see another user's.
program_of() {
  local folder
  folder=$(find /proc/[0-9]*/fd -lname "socket:\[$1\]" -printf '%h\n' 2>/dev/null) || true
  folder=${folder%%$'\n'*}
  cat "${folder%/fd}/comm" 2>/dev/null || echo "another program"
}

# A first start builds the images. Whether they are there cannot be told while an installed engine does not run.
first_start() {
  if engine_works; then ! images_present; else ! command -v dockerd >/dev/null; fi
}

check_room() {
  local folder disk_gb memory_gb
  folder=$(docker info --format '{{.DockerRootDir}}' 2>/dev/null) && [[ -n $folder ]] || folder=/var/lib/docker
  until [[ -d $folder ]]; do folder=$(dirname "$folder"); done
  disk_gb=$(($(df --output=avail --block-size=1M "$folder" | tail -n 1) / 1000))
  memory_gb=$(awk '/^MemAvailable:/ { printf "%d", $2 / 1000000 }' /proc/meminfo)
  if first_start; then
    ((disk_gb >= first_disk_gb)) || problem "$folder has $disk_gb GB free; a first start needs $first_disk_gb"
    ((memory_gb >= first_memory_gb)) || problem "$memory_gb GB of memory are free; a first start needs $first_memory_gb"
  else
    ((disk_gb >= least_disk_gb)) || problem "$folder is nearly full; free at least $least_disk_gb GB"
  fi
}

# Only a first start must fetch something. apt's own downloader asks, so its proxies and mirrors count.
check_network() {
  first_start && command -v apt-get >/dev/null || return 0
  debian_mirror >/dev/null ||
    problem "no network: none of apt's sources on this machine answers with Debian's packages; check the network, the proxy and the sources"
}
