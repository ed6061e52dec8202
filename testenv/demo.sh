#!/usr/bin/env bash
# Shows the main job: a SkyPilot task, submitted to a real cluster, followed and
# looked at afterwards. `make demo` brings up what it needs first.
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

printf '\n# The cluster stays up. To go on with it:\n'
printf '  export KUBECONFIG=%q PATH=%q:%q:$PATH\n' "$kubeconfig" "$bin" "$(dirname "$kubectl")"
printf '  kubectl vast --help\n'
