// Package network connects the pods of a cluster whose node image has no network of
// its own: point-to-point links inside a node, a route to every other node's range.
// While the nodes are fixed nothing has to run for it. Routes are lost when a node's
// container restarts and have to be set again.
package network

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/testenv/internal/run"
)

// conflist is where the container runtime looks for its network.
const conflist = "/etc/cni/net.d/10-kubevast.conflist"

// Node is what the network needs of one node.
type Node struct {
	Name    string
	Address string
	PodCIDR string
}

// NodeOf reads it off the API's node; ok is false while it has no range of its own.
func NodeOf(node *corev1.Node) (n Node, ok bool) {
	n = Node{Name: node.Name, PodCIDR: node.Spec.PodCIDR}
	for _, address := range node.Status.Addresses {
		if address.Type == corev1.NodeInternalIP && !strings.Contains(address.Address, ":") {
			n.Address = address.Address
		}
	}
	return n, n.Address != "" && n.PodCIDR != ""
}

// Apply sets up every node that runs. It can be repeated.
func Apply(ctx context.Context, nodes []Node, podSubnet string) error {
	for _, node := range nodes {
		config, err := Conflist(node.PodCIDR)
		if err != nil {
			return err
		}
		setup := run.Cmd{
			Args:  []string{"docker", "exec", "-i", node.Name, "sh", "-euc", Script(node, nodes, podSubnet)},
			Stdin: strings.NewReader(config),
		}
		if err := setup.Run(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Script is what runs in a node: its standard input is the network configuration.
// Pods keep their address inside the cluster and take the node's towards the outside.
func Script(node Node, all []Node, podSubnet string) string {
	lines := []string{
		"mkdir -p /etc/cni/net.d",
		"cat > " + conflist + ".new",
		// Renaming shows the runtime the whole file at once.
		"mv " + conflist + ".new " + conflist,
	}
	for _, other := range all {
		if other.Name != node.Name {
			lines = append(lines, fmt.Sprintf("ip route replace %s via %s", other.PodCIDR, other.Address))
		}
	}
	rule := fmt.Sprintf("POSTROUTING -s %s ! -d %s -j MASQUERADE", node.PodCIDR, podSubnet)
	lines = append(lines, fmt.Sprintf("iptables -w -t nat -C %s 2>/dev/null || iptables -w -t nat -A %s", rule, rule))
	return strings.Join(lines, "\n")
}

// Conflist is the network configuration of a node with the range given.
func Conflist(podCIDR string) (string, error) {
	raw, err := json.MarshalIndent(map[string]any{
		"cniVersion": "0.4.0",
		"name":       "kubevast",
		"plugins": []any{
			map[string]any{
				"type": "ptp", // no bridge, so nothing depends on br_netfilter
				"ipam": map[string]any{
					"type":    "host-local",
					"dataDir": "/run/cni-ipam-state", // gone with the pods when a node restarts
					"routes":  []any{map[string]any{"dst": "0.0.0.0/0"}},
					"ranges":  []any{[]any{map[string]any{"subnet": podCIDR}}},
				},
				"mtu": 1500,
			},
			map[string]any{"type": "portmap", "capabilities": map[string]any{"portMappings": true}},
		},
	}, "", "  ")
	return string(raw), err
}

// Missing returns the routes that a node lacks; routes is the output of
// `ip route` in it.
func Missing(node Node, all []Node, routes string) []string {
	var missing []string
	for _, other := range all {
		if other.Name != node.Name && !strings.Contains(routes, other.PodCIDR+" via "+other.Address+" ") {
			missing = append(missing, other.PodCIDR)
		}
	}
	return missing
}
