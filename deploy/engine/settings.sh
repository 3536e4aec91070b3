# shellcheck shell=bash
# The settings as Compose will read them, known before there is a Compose: the environment wins over .env, and .env over
# the defaults, which stand in compose.yaml alone. Sourced, after messages.sh; goes to the checkout's root.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit

# The subset of .env that Compose and a shell read alike; anything else is refused rather than read in two ways.
# shellcheck disable=SC2016 # a $ that nothing expands is what the pattern is about
readonly env_line='^([A-Za-z_][A-Za-z0-9_]*)=([^[:space:]"'\''$`\#]*|"[^"$`\]*"|'\''[^'\'']*'\'')$'

# Of each setting that .env gives, its line.
declare -gA env_lines=()

# where_set NAME: ".env, line 3: " if .env gives that setting and the environment does not; else nothing.
where_set() { printf '%s' "${env_lines[$1]:+.env, line ${env_lines[$1]}: }"; }

read_env_file() {
  local line name value number=0
  [[ -e .env ]] || return 0
  while IFS= read -r line || [[ -n $line ]]; do
    number=$((number + 1))
    [[ $line =~ ^[[:space:]]*(#.*)?$ ]] && continue
    [[ $line =~ $env_line ]] || fail ".env, line $number: not KEY=value; quote a value that has spaces, and put no \$, \\ or comment into it"
    name=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]#[\"\']}
    [[ -v $name && -z ${env_lines[$name]-} ]] && continue
    # A misspelt key would be left unread without a word.
    [[ $name =~ ^(COMPOSE|DOCKER|BUILDKIT)_ ]] || grep --quiet '[$]{'"$name"'[}:]' compose*.yaml ||
      fail ".env, line $number: $name is no setting; .env.example lists them"
    env_lines[$name]=$number
    declare -g "$name=${value%[\"\']}"
  done <.env
}

default_of() { sed -n "/\${$1:-/ { s/.*\${$1:-\([^}]*\)}.*/\1/p; q }" compose.yaml; }

load_settings() {
  local name
  read_env_file
  for name in DOMAIN PORT HTTP_PORT BIND APP SECRETS TAG BUILD_CA; do
    [[ -n ${!name:-} ]] || declare -g "$name=$(default_of "$name")"
  done
  # Compose takes a folder: of an app that is one file, the folder is told apart from the file.
  if [[ -f $APP ]]; then
    export APP_SCRIPT=${APP##*/}
    APP=$(dirname "$APP")
    export APP
  fi
  # shellcheck disable=SC2034 # for whoever sources this
  project=${COMPOSE_PROJECT_NAME:-$(sed -n 's/^name: *//p' compose.yaml)}
}

# app_url: where a browser finds the app; 443 is left out, as browsers do.
app_url() {
  local url="https://app.$DOMAIN:$PORT"
  echo "${url%:443}"
}
