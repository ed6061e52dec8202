package network

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

var (
	one = Node{Name: "one", Address: "172.18.0.2", PodCIDR: "10.244.0.0/24"}
	two = Node{Name: "two", Address: "172.18.0.3", PodCIDR: "10.244.1.0/24"}
)

func TestConflist(t *testing.T) {
	raw, err := Conflist("10.244.7.0/24")
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		CNIVersion string
		Name       string
		Plugins    []struct {
			Type string
			IPAM struct {
				Type   string
				Ranges [][]struct{ Subnet string }
			}
		}
	}
	if err := json.Unmarshal([]byte(raw), &got); err != nil {
		t.Fatal(err)
	}
	if got.CNIVersion == "" || got.Name == "" || len(got.Plugins) != 2 {
		t.Fatalf("not a configuration: %s", raw)
	}
	first := got.Plugins[0]
	if first.Type != "ptp" || first.IPAM.Type != "host-local" || first.IPAM.Ranges[0][0].Subnet != "10.244.7.0/24" {
		t.Errorf("got %+v", first)
	}
	if got.Plugins[1].Type != "portmap" {
		t.Errorf("host ports are not mapped: %s", raw)
	}
}

func TestScript(t *testing.T) {
	got := Script(one, []Node{one, two}, "10.244.0.0/16")
	if want := "ip route replace 10.244.1.0/24 via 172.18.0.3"; !strings.Contains(got, want) {
		t.Errorf("no %q in\n%s", want, got)
	}
	if strings.Contains(got, "via 172.18.0.2") {
		t.Errorf("a route of the node to itself in\n%s", got)
	}
}

func TestMissing(t *testing.T) {
	all := []Node{one, two}
	const routes = "default via 172.18.0.1 dev eth0 \n10.244.1.0/24 via 172.18.0.3 dev eth0 \n"
	if got := Missing(one, all, routes); len(got) != 0 {
		t.Errorf("missing %q", got)
	}
	for name, routes := range map[string]string{
		"none":                    "default via 172.18.0.1 dev eth0\n",
		"the address has changed": "10.244.1.0/24 via 172.18.0.33 dev eth0 \n",
	} {
		if got := Missing(one, all, routes); !slices.Equal(got, []string{two.PodCIDR}) {
			t.Errorf("%s: missing %q", name, got)
		}
	}
}

func TestNodeOf(t *testing.T) {
	node := &corev1.Node{}
	node.Name = "one"
	node.Status.Addresses = []corev1.NodeAddress{
		{Type: corev1.NodeHostName, Address: "one"},
		{Type: corev1.NodeInternalIP, Address: "172.18.0.2"},
		{Type: corev1.NodeInternalIP, Address: "fc00::2"},
	}
	if _, ok := NodeOf(node); ok {
		t.Error("a node without a range is taken for complete")
	}
	node.Spec.PodCIDR = "10.244.0.0/24"
	if got, ok := NodeOf(node); !ok || got != one {
		t.Errorf("got %+v, %v", got, ok)
	}
}
