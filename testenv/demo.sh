#!/usr/bin/env bash
# Shows the main job on a real cluster: a SkyPilot task, submitted, followed and
# looked at afterwards, and a RoboVAST campaign whose results are brought back.
# `make demo` brings up what it needs first.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(cd "$1" && pwd)
status=$(cd testenv && CGO_ENABLED=0 go run -trimpath ./cmd/testenv status)
kubeconfig=$(sed -n 's/^kubeconfig: *//p' <<<"$status")
kubectl=$(sed -n 's/^kubectl: *//p' <<<"$status")
export KUBECONFIG=$kubeconfig PATH=$bin:$(dirname "$kubectl"):$PATH

show() {
  printf '\n$ %s\n' "$*"
  "$@"
}

printf '\n# A task file in the format of SkyPilot: examples/minimal.yaml\n'
grep -v '^#' examples/minimal.yaml
show kubectl vast submit examples/minimal.yaml
show kubectl vast status @latest

printf '\n# Several nodes that find each other: examples/multi-node.yaml\n'
show kubectl vast submit examples/multi-node.yaml
show kubectl vast list

printf '\n# A campaign in the format of RoboVAST, in a namespace with a queue and a store: examples/growth.vast\n'
kubectl get namespace vast-demo >/dev/null 2>&1 || kubectl create namespace vast-demo >/dev/null
show kubectl vast cluster setup kind -n vast-demo
show kubectl vast campaign configs examples/growth.vast
show kubectl vast submit examples/growth.vast --follow -n vast-demo
results=$(mktemp -d)
show kubectl vast results download @latest -n vast-demo --dir "$results"
show find "$results" -name '*.csv'

printf '\n# The cluster stays up. To go on with it:\n'
printf '  export KUBECONFIG=%q PATH=%q:%q:$PATH\n' "$kubeconfig" "$bin" "$(dirname "$kubectl")"
printf '  kubectl vast --help\n'
