# kubevast: kubectl vast and kubectl vastvol. `make help` lists the targets.

BIN     ?= bin
VERSION ?= $(shell git describe --tags --always --abbrev=12 --dirty 2>/dev/null || echo dev)
AGENT   := ghcr.io/kubevast/agent
# What a build for development runs: the test cluster has it. A release has the
# image of internal/kube/release.go, by its digest, and none but that.
DEV_AGENT ?= $(if $(shell echo $(VERSION) | grep -xE 'v[0-9]+\.[0-9]+\.[0-9]+'),,$(AGENT):dev)
LDFLAGS := -s -w -X github.com/kubevast/vast/internal/cli.gitVersion=$(VERSION) \
	-X github.com/kubevast/vast/internal/cli.gitCommit=$(shell git rev-parse --short=12 HEAD 2>/dev/null) \
	-X github.com/kubevast/vast/internal/kube.linkedVersion=$(VERSION) \
	-X github.com/kubevast/vast/internal/kube.linkedAgent=$(DEV_AGENT) -X github.com/kubevast/vast/sdk/internal/cluster.byTag=$(DEV_AGENT)
# Without cgo (see below) the plugins run on every Linux.
GOBUILD := go build -trimpath -ldflags '$(LDFLAGS)'

# A count, not a time: a worker that is kept waiting when its time is over
# counts as a failure (context deadline exceeded).
FUZZTIME ?= 20000x
# Built from its module: the first run takes some minutes, later ones use the
# build cache.
GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# Nothing here needs a C compiler. With cgo each test program is linked by Go's linker and
# then by ld, and all libraries are compiled once more than for the plugins.
export CGO_ENABLED := 0

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z][a-z0-9-]*:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "%-16s %s\n", $$1, $$2}'

include testenv/testenv.mk

.PHONY: build
build: ## build both plugins into bin/
	@mkdir -p $(BIN)
	@$(GOBUILD) -o $(BIN)/ ./plugins/...

.PHONY: agent
agent: ## build the program of our own image, for every platform, into bin/
	@mkdir -p $(BIN)
	@for arch in amd64 arm64; do \
		CGO_ENABLED=0 GOOS=linux GOARCH=$$arch go build -trimpath -ldflags '-s -w' -o $(BIN)/agent-linux-$$arch ./agent || exit 1; \
	done

.PHONY: agent-image
agent-image: agent ## build our own image of it, for every platform, with Docker
	@for arch in amd64 arm64; do \
		dir=$(BIN)/agent-image-$$arch && mkdir -p $$dir && cp agent/Dockerfile $$dir/ && cp $(BIN)/agent-linux-$$arch $$dir/agent && \
		docker build --quiet --no-cache --platform linux/$$arch --tag $(AGENT):$(VERSION)-$$arch $$dir || exit 1; \
	done

.PHONY: release-image
release-image: agent-image ## push the image of VERSION for all platforms under one name, and write its digest into the source
	@for arch in amd64 arm64; do docker push --quiet $(AGENT):$(VERSION)-$$arch || exit 1; done
	@docker buildx imagetools create --tag $(AGENT):$(VERSION) $(AGENT):$(VERSION)-amd64 $(AGENT):$(VERSION)-arm64
	@$(MAKE) --no-print-directory release-digest VERSION=$(VERSION) \
		DIGEST=$$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' $(AGENT):$(VERSION))

.PHONY: release-digest
release-digest: ## write VERSION and the DIGEST of its image into internal/kube/release.go; commit that and tag it
	@echo '$(VERSION)' | grep -qxE 'v[0-9]+\.[0-9]+\.[0-9]+' || { echo "VERSION=$(VERSION) is not the version of a release, as v1.2.3"; exit 2; }
	@echo '$(DIGEST)' | grep -qxE 'sha256:[0-9a-f]{64}' || { echo "DIGEST=$(DIGEST) is no digest, as sha256:0123..."; exit 2; }
	@sed -i -E 's/^(\treleaseVersion = ).*/\1"$(VERSION)"/; s/^(\treleaseDigest  = ).*/\1"$(DIGEST)"/' internal/kube/release.go
	@go test ./internal/kube -run TestTheReleaseIsPinned
	@echo "commit internal/kube/release.go and tag that commit $(VERSION)"

# krew accepts semantic versions only: a commit without a tag is v0.0.0-COMMIT.
RELEASE_VERSION ?= $(if $(filter v%,$(VERSION)),$(VERSION),v0.0.0-$(VERSION))
# Platforms of release-snapshot, such as linux/amd64,darwin/arm64; all without it.
PLATFORMS ?=

.PHONY: release-snapshot
release-snapshot: ## build every platform's archives, SBOMs, checksums and krew manifests into dist/: 20 minutes cold
	@go run ./krew/release -version '$(RELEASE_VERSION)' $(if $(PLATFORMS),-platforms $(PLATFORMS)) -ldflags '$(subst gitVersion=$(VERSION),gitVersion=$(RELEASE_VERSION),$(LDFLAGS))'

.PHONY: krew-templates
krew-templates: ## write the templates of the krew manifests from krew/plugins.go
	@go run ./krew/release templates

.PHONY: install
install: build ## put both plugins, with their shell completion, into GOBIN or ~/go/bin
	@dir=$${GOBIN:-$$(go env GOPATH)/bin}; mkdir -p $$dir; \
	for p in vast vastvol; do install $(BIN)/kubectl-$$p $$dir/; ln -sf kubectl-$$p $$dir/kubectl_complete-$$p; done; \
	echo "installed into $$dir; with that on your PATH: kubectl vast --help"

.PHONY: demo
demo: cluster-up build ## bring up a cluster and run a first task on it
	@testenv/demo.sh $(BIN)

.PHONY: test
test: test-programs ## everything: lint, unit tests, shares, fuzzing, e2e tests on a real cluster
	@# The cluster comes up meanwhile, and mostly waits; what it installs must not meet the install
	@# of test-programs. The tests of shares, some of which wait
	@# for a stall of a second, run when that is over: the first time Kubernetes is compiled.
	@log=$$(mktemp) && { $(MAKE) --no-print-directory cluster-up >$$log 2>&1 & up=$$!; } && \
		{ $(MAKE) --no-print-directory lint test-unit fuzz || failed=1; } && \
		{ wait $$up || failed=1; cat $$log; rm -f $$log; test -z "$$failed"; }
	@$(MAKE) --no-print-directory -j2 test-shares test-krew
	@$(MAKE) --no-print-directory test-e2e

.PHONY: test-programs
test-programs: ## install the programs that unit tests try things with; on Debian, by root, where they are missing
	@# A policy of 101 keeps Debian from starting the servers among them.
	@missing=; for of in openssl:openssl pkill:procps /usr/sbin/sshd:openssh-server busybox:busybox bsdtar:libarchive-tools python3:python3 zstd:zstd \
			/usr/sbin/apache2:apache2 /usr/sbin/nginx:nginx /usr/lib/nginx/modules/ngx_http_dav_ext_module.so:libnginx-mod-http-dav-ext; do \
		{ command -v $${of%:*} >/dev/null || test -e $${of%:*}; } || missing="$$missing $${of#*:}"; done; \
	test -z "$$missing" || test "$$(id -u)" != 0 || ! command -v apt-get >/dev/null || { \
		export DEBIAN_FRONTEND=noninteractive; policy=; \
		test -e /usr/sbin/policy-rc.d || { policy=/usr/sbin/policy-rc.d; printf '#!/bin/sh\nexit 101\n' >$$policy; chmod 755 $$policy; }; \
		install="apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 $$missing"; \
		$$install || { apt-get update -q && $$install; }; code=$$?; \
		test -z "$$policy" || rm -f $$policy; exit $$code; }

.PHONY: test-unit
test-unit: test-programs ## unit tests of all modules
	go test ./...
	cd testenv && go test $$(go list ./... | grep -v -e /e2e -e /shares -e /krew)

.PHONY: test-shares
test-shares: test-programs ## the providers of shares against real servers: 2 minutes; the first run compiles some of them
	@# Most tests wait for a server or a timeout at times.
	cd testenv && go test -count=1 -parallel 8 -timeout 20m ./shares/...

.PHONY: test-krew
test-krew: ## install both plugins by krew from archives of a release: a minute; the first run compiles krew and kubectl
	cd testenv && go test -count=1 -timeout 30m ./krew

.PHONY: test-e2e
test-e2e: cluster-up ## e2e tests on the cluster that cluster-up finds or makes
	@# e2e/setup has a cluster of its own and mostly waits for it. e2e/walls shares the cluster
	@# with e2e, and waits while that stops a node or the API server.
	@cd testenv && { go test -count=1 -timeout 60m ./e2e & e2e=$$!; } && failed=; \
		go test -count=1 -timeout 40m ./e2e/setup || failed=1; \
		go test -count=1 -timeout 40m ./e2e/walls || failed=1; \
		wait $$e2e || failed=1; test -z "$$failed"

.PHONY: test-stores
test-stores: ## the store's rules on versitygw, MinIO, SeaweedFS and rclone, built from source: 15 minutes cold; prints which keeps which
	cd testenv && go test -tags stores -count=1 -timeout 60m -v ./stores

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME
	@set -e; for pkg in $$(grep -rlE '^func Fuzz' --include='*_test.go' sdk internal | xargs -n1 dirname | sort -u); do \
		for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]*' $$pkg/*_test.go | cut -d' ' -f2); do \
			echo "fuzzing $$target in $$pkg for $(FUZZTIME)"; \
			go test ./$$pkg -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x; \
		done; done

.PHONY: lint
lint: ## check format and imports of all Go files, golangci-lint (.golangci.yml), go vet of testenv
	go run $(GOLANGCI_LINT) fmt --diff
	go run $(GOLANGCI_LINT) run
	cd testenv && go vet -tags lifecycle,stores ./...

.PHONY: fmt
fmt: ## format all Go files and group their imports
	go run $(GOLANGCI_LINT) fmt

.PHONY: bench
bench: cluster-up build ## measure ourselves against kubectl and the bare API; writes bench/results.md
	@kubeconfig=$$($(TESTENV) kubeconfig) && cd $(CURDIR)/bench && \
		VAST_AGENT_IMAGE=$(AGENT):dev CGO_ENABLED=0 go run -trimpath . -bin $(abspath $(BIN)) -kubeconfig "$$kubeconfig"

.PHONY: clean
clean: ## remove what was built here (not the caches, not the cluster)
	rm -rf $(BIN) dist
