# The operator's words. `make` alone lists them; each word's work is in deploy/engine/.
SHELL := /bin/bash
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help up dev down destroy status logs users sessions trust deploy rollback history test drill bench sbom

# Settings stand in .env (see .env.example) or before the word: `make up APP=../my-app`.

help:
	@awk -f deploy/engine/help.awk $(MAKEFILE_LIST)

## Run

up: ## bring everything up, from a bare machine too; ends with the URL
	@deploy/engine/up.sh

dev: ## the same with the app's folder mounted: save, and the open tab shows it; errors in full; only under localhost
	@deploy/engine/dev.sh

down: ## stop everything; the data stays
	@deploy/engine/down.sh

destroy: ## stop everything and delete data and generated secrets (asks; CONFIRM=yes for scripts)
	@deploy/engine/destroy.sh

## Look

status: ## what runs, healthy or why not; days left of the certificate
	@deploy/engine/status.sh

logs: ## the last logs of all services, or S=app; F=1 follows
	@deploy/engine/logs.sh $(if $(F),--follow) $(S)

## People

users: ## list users, or DO="add ann --email ann@example.com --name Ann": add, disable, enable, reset, grant, revoke, demo
	@deploy/engine/users.sh $(or $(DO),list)

sessions: ## who is signed in, or DO="end ID", DO="end-user ann@example.com" (their tabs close at once)
	@deploy/engine/sessions.sh $(or $(DO),list)

trust: ## put the local CA into this machine's trust store
	@deploy/prepare/trust.sh

## Cluster

deploy: ## roll what is here out to a cluster: TO=staging; on a failure everything goes back by itself
	@deploy/engine/cluster.sh deploy

rollback: ## back to the version before: TO=staging
	@deploy/engine/cluster.sh rollback

history: ## what was rolled out, by whom, and how it ended: TO=staging
	@deploy/engine/cluster.sh history

## Check

test: ## all that CI runs, on a stack of its own; T="tests/unit -k name" for a part
	@deploy/engine/test.sh "not drill and not bench" $(T)

drill: ## the long ones: kills in the middle, a bare machine; T=... for a part
	@deploy/engine/test.sh drill $(T)

sbom: ## what each image holds, as CycloneDX JSON for a vulnerability scanner, in ./sbom
	@deploy/engine/sbom.sh

bench: ## side by side with plain Streamlit: a table of figures, kept in docs/performance.md; T=... for a part
	@deploy/engine/test.sh bench $(T)
