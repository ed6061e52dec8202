package e2e_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/portforward"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/internal/store/storetest"
)

func TestTheStoreInTheClusterKeepsTheRulesOfPackageStore(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("cluster", "setup", "kind").exits(0)
	storetest.Conformance(t, p.directStore())
}

// directStore is the namespace's store by a port of a node: the rules move 600 MB, which
// cost four times the CPU time by way of the API server. Where the nodes cannot be
// reached, as with Docker Desktop, it is the way of the plugins.
func (p *person) directStore() *store.Store {
	p.Helper()
	p.apply(`
apiVersion: v1
kind: Service
metadata: {name: direct}
spec: {type: NodePort, selector: {kubevast.io/store: "true"}, ports: [{port: 7070}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: direct}
spec: {podSelector: {matchLabels: {kubevast.io/store: "true"}}, ingress: [{}]}
`)
	service, err := client.CoreV1().Services(p.namespace).Get(p.Context(), "direct", metav1.GetOptions{})
	if err != nil {
		p.Fatal(err)
	}
	nodes, err := client.CoreV1().Nodes().List(p.Context(), metav1.ListOptions{})
	if err != nil {
		p.Fatal(err)
	}
	address := net.JoinHostPort(internalIP(&nodes.Items[0]), fmt.Sprint(service.Spec.Ports[0].NodePort))
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	if !reached(p.Context(), address) {
		p.Logf("%s cannot be reached from here", address)
		return p.store()
	}
	s, err := portforward.Open(p.Context(), p.connection(), store.WithDialer(dial, func() {}))
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(s.Close)
	return s
}

// reached reports whether a port answers within 10 seconds: the rules of a Service and of
// a NetworkPolicy apply a moment after they are made.
func reached(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address); err == nil {
			return conn.Close() == nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
	return false
}

func internalIP(node *corev1.Node) string {
	for _, a := range node.Status.Addresses {
		if a.Type == corev1.NodeInternalIP {
			return a.Address
		}
	}
	return ""
}
