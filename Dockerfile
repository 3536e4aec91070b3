# Every image of Gatehouse is a target of this file, on one Debian trixie base (deploy/engine/base.sh brings it).
# No `# syntax=` line: it would fetch a frontend from a registry, and the engine's own is enough.
# Build secrets, all optional (an empty file stands for "none"): ca = the builder's CA bundle, pip = pip.conf,
# apt = an apt.conf, maven = settings.xml, npm = an .npmrc. Each is mounted for one command and is in no layer.
ARG BASE=gatehouse-base:trixie

# --- base: what all share ---------------------------------------------------------------------------------------
FROM ${BASE} AS base
SHELL ["/bin/bash", "-o", "errexit", "-o", "nounset", "-o", "pipefail", "-c"]
ENV LANG=C.UTF-8
# Nothing here runs as root and then drops privileges, so no file needs a set-user-id bit.
RUN --mount=type=secret,id=apt,target=/etc/apt/apt.conf.d/99builder \
    --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    printf 'APT::Install-Recommends "false";\nAPT::Install-Suggests "false";\nDPkg::Post-Invoke { "find / -xdev -perm /6000 -type f -exec chmod a-s {} +"; };\n' \
      > /etc/apt/apt.conf.d/50gatehouse \
    && printf 'path-exclude /usr/share/doc/*\npath-exclude /usr/share/man/*\npath-exclude /usr/share/info/*\npath-exclude /usr/share/locale/*\npath-exclude /usr/share/i18n/*\npath-include /usr/share/doc/*/copyright\n' \
      > /etc/dpkg/dpkg.cfg.d/50gatehouse \
    && echo 'debconf debconf/frontend select Noninteractive' | debconf-set-selections \
    && apt-get update --quiet=2 \
    && apt-get upgrade --quiet=2 --yes > /dev/null \
    && find / -xdev -perm /6000 -type f -exec chmod a-s {} +

# --- python: the interpreter alone; packages are installed from outside, so no image holds pip --------------------
FROM base AS python
RUN --mount=type=secret,id=apt,target=/etc/apt/apt.conf.d/99builder \
    --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    apt-get update --quiet=2 && apt-get install --quiet=2 --yes 'python3=3.13.*' > /dev/null
# Safe path: `python -m` never imports from the working directory, which is the author's.
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONSAFEPATH=1

FROM python AS python-build
RUN --mount=type=secret,id=apt,target=/etc/apt/apt.conf.d/99builder \
    --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    apt-get update --quiet=2 && apt-get install --quiet=2 --yes 'python3-pip=25.1.*' 'python3-venv=3.13.*' > /dev/null \
    && python3 -m venv --without-pip /opt/venv
ENV PIP_CACHE_DIR=/var/cache/pip PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
COPY requirements/install.sh /usr/local/bin/install-requirements

FROM python-build AS app-packages
COPY requirements/app.txt /tmp/app.txt
RUN --mount=type=secret,id=ca --mount=type=secret,id=pip --mount=type=cache,target=/var/cache/pip \
    install-requirements /tmp/app.txt \
    && find /opt/venv -type d \( -name tests -o -name test \) -path '*/site-packages/*' -prune -exec rm -rf {} + \
    && rm -rf /opt/venv/lib/python3.13/site-packages/pyarrow/include

FROM python-build AS jobs-packages
COPY requirements/jobs.txt /tmp/jobs.txt
RUN --mount=type=secret,id=ca --mount=type=secret,id=pip --mount=type=cache,target=/var/cache/pip \
    install-requirements /tmp/jobs.txt \
    && find /opt/venv -type d \( -name tests -o -name test \) -path '*/site-packages/*' -prune -exec rm -rf {} +

# --- the author's folder: a build context of its own (compose.yaml: app_source), the example app by default ---------
FROM scratch AS app_source
COPY app/desk /

# With APP_SCRIPT the app is that one file of the folder, and nothing beside it is looked at. A name in [] may match nothing.
FROM app-packages AS author-packages
COPY deploy/author/requirements.py /usr/local/lib/
ARG APP_SCRIPT=
COPY --from=app_source ${APP_SCRIPT:+$APP_SCRIPT-}requirements.tx[t] /tmp/author/
RUN --mount=type=secret,id=ca --mount=type=secret,id=pip --mount=type=cache,target=/var/cache/pip \
    python /usr/local/lib/requirements.py /tmp/author/requirements.txt /opt/author

# data/ is the one folder that the app may write; it is the first content of its volume.
FROM base AS author
ARG APP_SCRIPT=
COPY --from=app_source ${APP_SCRIPT:-.} /srv/app/
RUN if [[ -e /srv/app/.streamlit/secrets.toml ]]; then \
      echo 'Error: the app folder holds .streamlit/secrets.toml, and a secret must not be in an image; move it to secrets/provided/secrets.toml' >&2; exit 1; \
    fi \
    && find /srv/app \( -name .git -o -name __pycache__ -o -name .venv \) -prune -exec rm -rf {} + \
    && mkdir --parents /srv/app/data \
    && chown -R root:root /srv/app && chmod -R u=rwX,go=rX /srv/app && chown -R 10001:10001 /srv/app/data

# --- app -----------------------------------------------------------------------------------------------------------
FROM python AS app-platform
# Swarm gives a tmpfs root as its owner and the mode of the folder that it covers.
RUN groupadd --gid 10001 app && useradd --uid 10001 --gid app --home-dir /run/gatehouse --no-create-home --shell /usr/sbin/nologin app \
    && install --directory --mode=1777 /run/gatehouse
COPY --from=app-packages /opt/venv /opt/venv
COPY app/gatehouse /opt/gatehouse/gatehouse
RUN python -m compileall -q /opt/gatehouse
WORKDIR /run/gatehouse
ARG APP_SCRIPT=
# Each run of a script is a thread. With eight malloc arenas a core what they free is kept in pieces: in 600 sessions memory
# grew by 5 to 10 % of garbage, with two it stayed, and as fast.
ENV PYTHONPATH=/opt/gatehouse HOME=/run/gatehouse APP_SCRIPT=$APP_SCRIPT MALLOC_ARENA_MAX=2

# What would stop the start stops the build, so that what ran before goes on.
FROM app-platform AS author-checked
COPY --from=author /srv/app /srv/app
RUN python -m gatehouse.author_check

FROM app-platform AS app
COPY --from=author-packages /opt/author /opt/author
COPY --from=author-checked /srv/app /srv/app
USER 10001:10001
CMD ["python", "-m", "gatehouse.serve"]

# --- jobs: prepare, reconcile, users, acme ---------------------------------------------------------------------------------
FROM python AS jobs
COPY --from=jobs-packages /opt/venv /opt/venv
COPY deploy/__init__.py /opt/gatehouse/deploy/
COPY deploy/prepare/*.py deploy/prepare/renew.sh /opt/gatehouse/deploy/prepare/
COPY deploy/acme/*.py deploy/acme/follow.sh /opt/gatehouse/deploy/acme/
COPY deploy/keycloak/*.py /opt/gatehouse/deploy/keycloak/
COPY deploy/cluster/*.py /opt/gatehouse/deploy/cluster/
COPY deploy/cluster/inside/*.py /opt/gatehouse/deploy/cluster/inside/
RUN python -m compileall -q /opt/gatehouse
ENV PYTHONPATH=/opt/gatehouse
USER 10002:10002
CMD ["python", "-m", "deploy.keycloak.reconcile"]

# --- deploy: the rollout to a cluster, on the machine of whoever rolls out ----------------------------------------------
# As root, which alone may read the operator's keys and the secrets that go along.
FROM jobs AS deploy
# hadolint ignore=DL3002
USER 0:0
RUN --mount=type=secret,id=apt,target=/etc/apt/apt.conf.d/99builder \
    --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    apt-get update --quiet=2 && apt-get install --quiet=2 --yes docker-cli docker-compose openssh-client > /dev/null

# --- sbom: writes what an image holds; never part of a running stack ----------------------------------------------------
FROM python-build AS sbom-packages
COPY requirements/sbom.txt /tmp/sbom.txt
RUN --mount=type=secret,id=ca --mount=type=secret,id=pip --mount=type=cache,target=/var/cache/pip \
    install-requirements /tmp/sbom.txt

FROM python AS sbom
COPY --from=sbom-packages /opt/venv /opt/venv
COPY deploy/__init__.py /opt/gatehouse/deploy/
COPY deploy/sbom/*.py /opt/gatehouse/deploy/sbom/
ENV PYTHONPATH=/opt/gatehouse
USER 10002:10002
ENTRYPOINT ["python", "-m", "deploy.sbom"]

# --- nginx -------------------------------------------------------------------------------------------------------------
# Streamlit's own assets, compressed once here, as well as can be, instead of at every request.
FROM app-packages AS streamlit-static
RUN --mount=type=secret,id=apt,target=/etc/apt/apt.conf.d/99builder \
    --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    apt-get update --quiet=2 && apt-get install --quiet=2 --yes brotli > /dev/null \
    && find /opt/venv/lib/python3.13/site-packages/streamlit/static/static -type f \( -name '*.js' -o -name '*.css' -o -name '*.svg' \) -size +256c \
      -exec gzip --keep --best --no-name {} + -exec brotli --keep --best {} +

# What of the author's folder is for everybody. It runs after each edit, and nginx's layers stay what they were unless the
# public files differ.
FROM python AS public-files
COPY deploy/author/public_files.py /usr/local/lib/
RUN --mount=type=bind,from=author,source=/srv/app,target=/srv/app \
    mkdir --parents /public/static/public && python3 /usr/local/lib/public_files.py /srv/app /public \
    && find /public -type d -exec chmod 0755 {} +

# What Debian's own service scripts would use of nginx's dependencies is taken out; /etc/nginx makes plain `nginx -t` work.
FROM base AS nginx
RUN --mount=type=secret,id=apt,target=/etc/apt/apt.conf.d/99builder \
    --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    apt-get update --quiet=2 && apt-get install --quiet=2 --yes 'nginx=1.26.*' libnginx-mod-http-brotli-static gettext-base openssl > /dev/null \
    && groupadd --gid 101 nginx && useradd --uid 101 --gid nginx --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin nginx \
    && dpkg --purge --force-depends iproute2 libcap2-bin libbpf1 libmnl0 libxtables12 libtirpc3t64 libtirpc-common \
      libgssapi-krb5-2 libkrb5-3 libk5crypto3 libkrb5support0 libkeyutils1 libcom-err2 > /dev/null \
    && rm -rf /etc/nginx /var/www /var/log/nginx /var/lib/nginx && ln --symbolic gatehouse/nginx /etc/nginx \
    && install --directory --owner=nginx --group=nginx /var/lib/gatehouse/nginx/kept
COPY nginx/ /etc/gatehouse/nginx/
# Its own pages look as the gate's do; their policy allows this one style sheet, by hash.
COPY app/gatehouse/gate/pages/style.css /etc/gatehouse/nginx/errors/
# hadolint ignore=SC2016
RUN hash=$(openssl dgst -sha256 -binary /etc/gatehouse/nginx/errors/style.css | base64) \
    && printf 'map "" $error_style_hash {\n    default "%s";\n}\n' "'sha256-$hash'" > /etc/gatehouse/nginx/error_style.conf
COPY --from=streamlit-static /opt/venv/lib/python3.13/site-packages/streamlit/static/static/ /usr/share/gatehouse/streamlit-static/static/
COPY --from=public-files /public/static/public/ /usr/share/gatehouse/public/app/static/public/
USER 101:101
STOPSIGNAL SIGQUIT
ENTRYPOINT ["/etc/gatehouse/nginx/entrypoint.sh"]

# --- postgres ------------------------------------------------------------------------------------------------------------
# Without the just-in-time compiler: 170 MB that the short queries of a page never use (jit = off in postgresql.conf).
FROM base AS postgres
RUN --mount=type=secret,id=apt,target=/etc/apt/apt.conf.d/99builder \
    --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    groupadd --gid 999 postgres && useradd --uid 999 --gid postgres --home-dir /var/lib/postgresql --no-create-home --shell /usr/sbin/nologin postgres \
    && apt-get update --quiet=2 && apt-get install --quiet=2 --yes postgresql-common > /dev/null \
    && sed --in-place 's/^#*create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf \
    && apt-get install --quiet=2 --yes 'postgresql-17=17.*' openssl > /dev/null \
    && rm -rf /usr/lib/*/libLLVM* /usr/lib/*/libz3* /usr/lib/postgresql/17/lib/bitcode /usr/lib/postgresql/17/lib/llvmjit* \
      /etc/ssl/private/ssl-cert-snakeoil.key /etc/ssl/certs/ssl-cert-snakeoil.pem \
    && install --directory --owner=postgres --group=postgres --mode=0755 /var/lib/postgresql /var/run/postgresql
COPY deploy/postgres/ deploy/container_memory.sh /etc/gatehouse/postgres/
ENV PATH=/usr/lib/postgresql/17/bin:$PATH
USER 999:999
STOPSIGNAL SIGINT
ENTRYPOINT ["/etc/gatehouse/postgres/entrypoint.sh"]

# --- keycloak ------------------------------------------------------------------------------------------------------------
# Keycloak's archive comes from Maven; nothing of this stage but /opt/keycloak goes on.
FROM base AS keycloak-build
ARG KEYCLOAK_VERSION=26.7.4
ARG KEYCLOAK_SHA256=04823c336b797a7e18889a44262a7a64e6bf624cbbcc518c85e2622176ff2eee
RUN --mount=type=secret,id=apt,target=/etc/apt/apt.conf.d/99builder \
    --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    apt-get update --quiet=2 && apt-get install --quiet=2 --yes maven openjdk-25-jdk-headless ca-certificates-java > /dev/null
COPY deploy/keycloak/fetch.sh /usr/local/bin/fetch-keycloak
RUN --mount=type=secret,id=ca --mount=type=secret,id=maven fetch-keycloak "$KEYCLOAK_VERSION" "$KEYCLOAK_SHA256" /opt/keycloak
# Build options are stored in plain text in the image; none of these is a secret.
ENV KC_DB=postgres KC_HEALTH_ENABLED=true KC_METRICS_ENABLED=true KC_HTTP_MANAGEMENT_RELATIVE_PATH=/
RUN /opt/keycloak/bin/kc.sh build

FROM base AS keycloak
RUN --mount=type=secret,id=apt,target=/etc/apt/apt.conf.d/99builder \
    --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    apt-get update --quiet=2 && apt-get install --quiet=2 --yes 'openjdk-25-jre-headless=25.*' > /dev/null \
    && groupadd --gid 1000 keycloak && useradd --uid 1000 --gid keycloak --home-dir /opt/keycloak --no-create-home --shell /usr/sbin/nologin keycloak
COPY --from=keycloak-build /opt/keycloak /opt/keycloak
COPY deploy/keycloak/theme/ /opt/keycloak/themes/
# As /run/gatehouse of the app.
RUN install --directory --mode=1777 /opt/keycloak/data
COPY deploy/keycloak/entrypoint.sh deploy/keycloak/memory.sh deploy/keycloak/healthcheck.sh deploy/keycloak/keycloak.conf.template \
  deploy/container_memory.sh deploy/postgres/roles.sql /etc/gatehouse/keycloak/
USER 1000:1000
ENTRYPOINT ["/etc/gatehouse/keycloak/entrypoint.sh"]

# --- go: what the tests take from its module proxy -----------------------------------------------------------------------
FROM base AS go
RUN --mount=type=secret,id=apt,target=/etc/apt/apt.conf.d/99builder \
    --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    apt-get update --quiet=2 && apt-get install --quiet=2 --yes 'golang-go=2:1.24*' > /dev/null
WORKDIR /src
# -mod=readonly: nothing that go.sum doesn't know.
ENV GOMODCACHE=/var/cache/go/modules GOCACHE=/var/cache/go/build GOTOOLCHAIN=local GOFLAGS="-mod=readonly -trimpath" CGO_ENABLED=0

# What HTTP/2 asks of a server.
FROM go AS h2spec
COPY requirements/h2spec/ ./
RUN --mount=type=secret,id=ca --mount=type=cache,target=/var/cache/go \
    if [[ -s /run/secrets/ca ]]; then export SSL_CERT_FILE=/run/secrets/ca; fi; \
    go build -o /usr/local/bin/h2spec github.com/summerwind/h2spec/cmd/h2spec

# A linter for GitHub's workflows; 1.7.12 wants a newer Go than Debian's.
FROM go AS actionlint
COPY requirements/actionlint/ ./
RUN --mount=type=secret,id=ca --mount=type=cache,target=/var/cache/go \
    if [[ -s /run/secrets/ca ]]; then export SSL_CERT_FILE=/run/secrets/ca; fi; \
    go build -o /usr/local/bin/actionlint github.com/rhysd/actionlint/cmd/actionlint

# --- tools: tests and linters; never part of a running stack --------------------------------------------------------------
# What the tests take from npm. Its lock names no registry. No install script runs, so the list of names that browsers know
# by themselves, which the grader would download, is an empty one: no name of a test is in it.
FROM base AS node-packages
RUN --mount=type=secret,id=apt,target=/etc/apt/apt.conf.d/99builder \
    --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    apt-get update --quiet=2 && apt-get install --quiet=2 --yes npm > /dev/null
WORKDIR /opt/node
COPY requirements/node/package.json requirements/node/package-lock.json ./
RUN --mount=type=secret,id=ca --mount=type=secret,id=npm --mount=type=cache,target=/var/cache/npm \
    if [[ -s /run/secrets/ca ]]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi \
    && NPM_CONFIG_USERCONFIG=/run/secrets/npm npm ci --cache=/var/cache/npm --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund --loglevel=error \
    && echo '{}' > node_modules/@mdn/mdn-http-observatory/conf/hsts-preload.json

FROM python-build AS tools
RUN --mount=type=secret,id=apt,target=/etc/apt/apt.conf.d/99builder \
    --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    apt-get update --quiet=2 && apt-get install --quiet=2 --yes docker-cli docker-compose docker-buildx git make openssh-client openssl curl procps \
      chromium libnss3-tools fonts-liberation nghttp2-client 'nodejs=20.*' > /dev/null
COPY requirements/tools.txt /tmp/tools.txt
RUN --mount=type=secret,id=ca --mount=type=secret,id=pip --mount=type=cache,target=/var/cache/pip \
    install-requirements /tmp/tools.txt
COPY --from=node-packages /opt/node/node_modules /opt/node/node_modules
COPY requirements/setuptools.txt requirements/sslyze.txt /tmp/
RUN --mount=type=secret,id=ca --mount=type=secret,id=pip --mount=type=cache,target=/var/cache/pip \
    python3 -m venv --without-pip /opt/sslyze \
    && install-requirements /tmp/setuptools.txt /opt/sslyze \
    && install-requirements /tmp/sslyze.txt /opt/sslyze --no-binary sslyze --no-build-isolation
COPY --from=h2spec /usr/local/bin/h2spec /usr/local/bin/
COPY --from=actionlint /usr/local/bin/actionlint /usr/local/bin/
# The tools container shares the host's network. Containers of tests would be put into the same, unless the engine is named.
ENV TESTCONTAINERS_RYUK_DISABLED=true TESTCONTAINERS_CONNECTION_MODE=docker_host DOCKER_HOST=unix:///var/run/docker.sock
CMD ["pytest"]

# --- pebble: an ACME authority and a name server, for the tests alone --------------------------------------------------------
FROM go AS pebble-build
COPY requirements/pebble/ ./
RUN --mount=type=secret,id=ca --mount=type=cache,target=/var/cache/go \
    if [[ -s /run/secrets/ca ]]; then export SSL_CERT_FILE=/run/secrets/ca; fi; \
    go build -o /usr/local/bin/pebble github.com/letsencrypt/pebble/v2/cmd/pebble

FROM base AS pebble
RUN --mount=type=secret,id=apt,target=/etc/apt/apt.conf.d/99builder \
    --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    apt-get update --quiet=2 && apt-get install --quiet=2 --yes 'knot=3.4.*' > /dev/null
COPY --from=pebble-build /usr/local/bin/pebble /usr/local/bin/
USER 10005:10005
CMD ["pebble"]
