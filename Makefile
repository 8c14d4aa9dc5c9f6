# Stow's commands for people; `make` alone lists them. Needs Rust, Go,
# Python 3 and a C compiler.

# What is built once lies outside the clone, and several clones share it.
XDG_CACHE_HOME ?= $(HOME)/.cache
STOW_CACHE ?= $(XDG_CACHE_HOME)/stow
CARGO_TARGET_DIR ?= $(STOW_CACHE)/target
export STOW_CACHE CARGO_TARGET_DIR

CARGO ?= cargo
KUBECTL ?= kubectl

stow := $(CARGO_TARGET_DIR)/debug/stow
demo := $(CARGO_TARGET_DIR)/debug/demo
drydock := $(CARGO_TARGET_DIR)/debug/drydock
# What drydock keeps. PostgreSQL runs as another user than root, who cannot
# enter root's home.
DRYDOCK_DATA ?= $(if $(filter 0,$(shell id -u)),/var/lib/drydock,$(XDG_CACHE_HOME)/stow/drydock-data)
# Makes the PostgreSQL that a wheel brings one of those that drydock finds. Beside
# the system's it is another major version, without which tests have none to
# upgrade to.
wheel_postgres := bin=$$(tools/postgres/build) && PATH="$$PATH:$$bin" &&
# The same where the system has none.
with_postgres := ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || \
	test -x "$$(pg_config --bindir 2>/dev/null)/postgres" || \
	PATH="$$PATH:$$(tools/postgres/build)";
# What `make fuzz` runs, and for how long.
TARGET ?= convert
SECONDS ?= 60
# Where `make run` serves the webhook: reachable for an API server on this machine.
webhook := 127.0.0.1:9443

# Cargo names what it builds by paths within a workspace, and looks at times to
# see what is stale: after another clone built here, nothing of this one is fresh.
builder := $(CARGO_TARGET_DIR)/.builder
ifneq ($(shell cat $(builder) 2>/dev/null),$(CURDIR))
  $(shell find . -name '*.rs' -exec touch {} + && mkdir -p $(CARGO_TARGET_DIR) && echo $(CURDIR) >$(builder))
endif

.DEFAULT_GOAL := help
.PHONY: help demo drydock test test-oldest check run manifests binaries control-plane moto judges cost bench bench-webhook bench-migrate bench-cache fuzz

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: control-plane binaries ## from kubectl apply to a database, all on this machine
	@$(demo) --stow $(stow) --yaml yaml

drydock: binaries ## RDS with real databases on 127.0.0.1:4566, for docs/local.md
	@$(with_postgres) exec $(drydock) --data $(DRYDOCK_DATA) $(DRYDOCK_FLAGS)

test: control-plane moto judges ## run every test
	@$(wheel_postgres) $(CARGO) test --workspace --locked

# What Kubernetes itself decides: conversion, admission, storage, server-side
# apply. RDS is the same under any. 1.33 is the oldest: since then it is for good
# that an object of 2017 passes rules of a schema in what a write does not change.
oldest := STOW_KUBERNETES=1.33
test-oldest: ## the tests of Kubernetes' part on the oldest release that is supported
	@$(oldest) tools/control-plane/build
	@$(wheel_postgres) $(oldest) $(CARGO) test --test e2e --locked -- \
		admission certificates contract corpus definition forgery garbage managers migrate \
		preflight since_2017 takeover twin upgrade versions

check: binaries ## formatting, lints, and whether generated manifests are stale
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	@$(stow) crd | diff -u yaml/crd.yaml - || \
		{ echo 'yaml/crd.yaml is stale: run `make manifests`'; exit 1; }
	@$(stow) policies | diff -u yaml/policies.yaml - || \
		{ echo 'yaml/policies.yaml is stale: run `make manifests`'; exit 1; }

run: binaries ## run the operator here, against the current kubeconfig
	$(stow) crd --webhook-url https://$(webhook)/convert | $(KUBECTL) apply -f -
	$(KUBECTL) apply -f yaml/config-map.yaml
	$(stow) policies | $(KUBECTL) apply -f -
	$(stow) run --webhook-listen $(webhook) --webhook-url https://$(webhook)/convert

manifests: control-plane binaries ## generate what follows from the rules: yaml/, docs/validation.md
	$(stow) crd >yaml/.crd.yaml.new
	mv yaml/.crd.yaml.new yaml/crd.yaml
	$(stow) policies >yaml/.policies.yaml.new
	mv yaml/.policies.yaml.new yaml/policies.yaml
	STOW_REWRITE=1 $(CARGO) test --test e2e --locked corpus::each_manifest
	STOW_REWRITE=1 $(CARGO) test --test e2e --locked corpus::page

binaries:
	@$(CARGO) build --workspace --bins --locked

control-plane: ## build kube-apiserver and its kin, once, about six minutes
	@tools/control-plane/build

moto: ## install the judge of the wire format for tests, once
	@tools/moto/build

judges: ## install what judges drydock from outside (the AWS CLI, boto3), once
	@tools/judges/build

fuzz: ## fuzz one TARGET for so many SECONDS; fuzz/README.md says more
	@mkdir -p $(STOW_CACHE)/fuzz/$(TARGET)
	$(CARGO) +nightly fuzz run --sanitizer none --target-dir $(STOW_CACHE)/fuzz/target $(TARGET) \
		$(STOW_CACHE)/fuzz/$(TARGET) fuzz/corpus/$(TARGET) -- -max_total_time=$(SECONDS)

cost: judges ## measure what an instance of drydock costs
	@$(with_postgres) $(CARGO) test -p drydock --test judges --locked -- --ignored --nocapture cost

bench: bench-webhook bench-migrate bench-cache ## measure all that docs/performance.md tells, half an hour

bench-webhook: ## the webhook beside one on controller-runtime, six minutes
	$(CARGO) bench --bench webhook --locked -- --controller-runtime $$(benches/controller-runtime/build) $(BENCH_FLAGS)

bench-migrate: control-plane ## stow migrate beside the cluster's own migration, ten minutes
	@$(CARGO) bench --bench migrate --locked -- --built-in $(BENCH_FLAGS)

bench-cache: control-plane ## starts of an API server with 20,000 objects, ten minutes
	@$(CARGO) bench --bench cache --locked -- $(BENCH_FLAGS)
