package walls_test

import (
	"fmt"
	"testing"
)

// A task without a network reaches neither another pod nor names, while its nodes
// reach each other. A policy acts a moment after the pod has its address, so the
// script tries until it is cut off, and a bounded number of times.
func TestNetworkNoneIsEnforced(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.apply(fmt.Sprintf(serverPod, "server", "app: server", ""))
	address := p.ready("server").Status.PodIP
	task := p.file("task.yaml", fmt.Sprintf(`name: cut
resources: {cpus: 50m, memory: 32Mi, image_id: busybox:1.36}
run: |
  i=0
  while [ $i -lt 20 ]; do
    i=$((i+1))
    reached=
    printf 'GET / HTTP/1.0\r\n\r\n' | nc -w 2 %s 8080 2>/dev/null | grep -q hello && reached="$reached pod"
    timeout 3 nslookup kubernetes.default.svc.cluster.local >/dev/null 2>&1 && reached="$reached names"
    if [ -z "$reached" ]; then echo it is cut off; exit 0; fi
    sleep 1
  done
  echo "it reaches:$reached"
`, address))
	p.vast("submit", task, "--no-results").exits(0).says("it reaches: pod names")
	p.vast("submit", task, "--no-results", "--network=none").exits(0).says("it is cut off", "NetworkPolicy")
	// The nodes wait for each other by name, and fail where they cannot.
	p.vast("submit", p.file("nodes.yaml", `name: nodes
num_nodes: 2
barrier_timeout: 60
resources: {cpus: 50m, memory: 32Mi, image_id: busybox:1.36}
run: echo node $NODE_RANK has met the other
`), "--no-results", "--network=none").exits(0).says("node 0 has met the other", "node 1 has met the other")
}
