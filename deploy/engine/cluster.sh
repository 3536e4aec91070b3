#!/usr/bin/env bash
# Roll out to a cluster. The work is done in an image of its own (deploy/cluster), so that this machine needs no more than
# for `make up`: an engine that builds, and a docker context that leads to a manager.
# usage: TO=ENVIRONMENT cluster.sh deploy | rollback | history | users WORD [option...] | sessions WORD [...]
set -o errexit -o nounset -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/engine/messages.sh
source "$here/messages.sh"
# shellcheck source=deploy/engine/settings.sh
source "$here/settings.sh"
# shellcheck source=deploy/engine/docker.sh
source "$here/docker.sh"
# shellcheck source=deploy/engine/images.sh
source "$here/images.sh"

readonly word=$1 image_home=/root
shift
environments=${ENVIRONMENTS:-./deploy/cluster/environments}
[[ ${TO:-} =~ ^[a-z][a-z0-9-]{0,30}$ ]] || fail "say where: make $word TO=staging ($environments has a file for each)"

who() {
  local name
  name=$(git config user.email || true)
  printf '%s' "${name:-${USER:-somebody}@$(hostname)}"
}

load_settings
require_engine
unset DOCKER_CONTEXT
changes=$(git status --porcelain) || fail "this is no git checkout; a version needs a commit to be named by"
if [[ $word == deploy ]]; then
  [[ -z $changes ]] || fail "the work tree has changes, such as $(head -n 1 <<<"$changes" | cut --characters=4-); commit or stash them: a version is named by its commit"
  step "Base image" "$here/base.sh"
  step "Images" build_images
fi
build_images --profile deploy >/dev/null
options=()
# shellcheck disable=SC2153 # by load_settings
secrets=$(realpath --canonicalize-missing "$SECRETS")
environments=$(realpath --canonicalize-missing "$environments")
config=${DOCKER_CONFIG:-$HOME/.docker}
[[ ! -d $config ]] || options+=(--volume "$(realpath "$config"):/docker:ro" --env DOCKER_CONFIG=/docker)
# ssh looks in the home folder that the image has for root, whatever HOME says.
[[ ! -d $HOME/.ssh ]] || options+=(--volume "$HOME/.ssh:$image_home/.ssh:ro")
[[ -z ${SSH_AUTH_SOCK:-} ]] || options+=(--volume "$SSH_AUTH_SOCK:/agent" --env SSH_AUTH_SOCK=/agent)
mkdir --parents "$secrets"
exec docker run --rm --init --network host "${options[@]}" --volume /var/run/docker.sock:/var/run/docker.sock \
  --volume "$PWD:$PWD:ro" --workdir "$PWD" --volume "$environments:$environments:ro" --volume "$secrets:$secrets" \
  --env TO --env TAG="$TAG" --env APP="$APP" --env APP_SCRIPT="${APP_SCRIPT:-}" --env PROJECT="$project" \
  --env SECRETS="$secrets" --env ENVIRONMENTS="$environments" --env CHANGES="$changes" \
  --env WHO="$(who)" --env VERSION="$(git describe --always --tags --abbrev=10)" \
  "gatehouse-deploy:$TAG" python -m deploy.cluster "$word" "$@"
