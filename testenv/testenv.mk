# The cluster for tests and demonstrations; see testenv/README.md. The program is run
# from source: the Go build cache keeps it, so only a change is compiled.
TESTENV_DIR := $(dir $(lastword $(MAKEFILE_LIST)))

# Paths are meant from where make was called, the program runs elsewhere.
TESTENV_PATHS := $(foreach name,VAST_TEST_KUBECONFIG VAST_CACHE,$(if $($(name)),$(name)=$(abspath $($(name)))))
TESTENV := cd $(TESTENV_DIR) && $(TESTENV_PATHS) CGO_ENABLED=0 go run -trimpath ./cmd/testenv

.PHONY: cluster-up cluster-down cluster-status

cluster-up: ## make sure that a test cluster is there (VAST_TEST_KUBECONFIG: use that one)
	@$(TESTENV) up

cluster-down: ## remove the test cluster
	@$(TESTENV) down

cluster-status: ## show the test cluster; fails when it is not up
	@$(TESTENV) status
