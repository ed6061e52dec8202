package walls_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// serverPod answers on two ports; %s are its name, its labels and a node.
const serverPod = `
apiVersion: v1
kind: Pod
metadata: {name: %s, labels: {%s}}
spec:
  terminationGracePeriodSeconds: 0
  %s
  containers:
  - name: main
    image: busybox:1.36
    command: [sh, -c, 'mkdir /www; echo hello >/www/index.html; httpd -p 8081 -h /www; exec httpd -f -p 8080 -h /www']
    readinessProbe: {httpGet: {port: 8080}, periodSeconds: 1}
---
`

// What the tests of this folder rely on: the cluster enforces NetworkPolicies
// for what comes in and what goes out, on one node and between nodes, by pods,
// namespaces and ports; and what the kubelet and the API server do passes.
func TestNetworkPoliciesAreEnforced(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	other := newPerson(t, "kubevast.test/visitor=yes")
	nodes, err := cluster.Nodes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	on := func(i int) string { return "nodeSelector: {kubernetes.io/hostname: " + nodes[i%len(nodes)] + "}" }
	p.apply(fmt.Sprintf(serverPod, "near", "app: server", on(0)) + fmt.Sprintf(serverPod, "far", "app: server", on(1)) +
		fmt.Sprintf(serverPod, "client", "app: client", on(0)) + fmt.Sprintf(serverPod, "stranger", "app: stranger", on(1)))
	other.apply(fmt.Sprintf(serverPod, "visitor", "app: visitor", on(0)))
	addresses := map[string]string{}
	for _, name := range []string{"near", "far", "client", "stranger"} {
		addresses[name] = p.ready(name).Status.PodIP
	}
	other.ready("visitor")

	deny := `{podSelector: {matchLabels: {app: server}}, policyTypes: [Ingress]}`
	for _, step := range []struct {
		name, policy string // the spec of the only policy that there is
		want         map[string]string
	}{
		{"without a policy everything passes", "", map[string]string{
			"client": "near:8080 near:8081 far:8080 far:8081 DNS", "stranger": "near:8080 near:8081 far:8080 far:8081 DNS", "visitor": "near:8080 near:8081 far:8080 far:8081 DNS"}},
		{"nothing comes in where nothing is allowed", deny, map[string]string{"client": "DNS", "stranger": "DNS", "visitor": "DNS"}},
		{"from some pods, to one port", `{podSelector: {matchLabels: {app: server}}, ingress: [{from: [{podSelector: {matchLabels: {app: client}}}], ports: [{port: 8080}]}]}`,
			map[string]string{"client": "near:8080 far:8080 DNS", "stranger": "DNS", "visitor": "DNS"}},
		{"from some namespaces", `{podSelector: {matchLabels: {app: server}}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubevast.test/visitor: 'yes'}}}]}]}`,
			map[string]string{"client": "DNS", "stranger": "DNS", "visitor": "near:8080 near:8081 far:8080 far:8081 DNS"}},
		{"nothing goes out where nothing is allowed, names are not resolved either", `{podSelector: {matchLabels: {app: client}}, policyTypes: [Egress]}`,
			map[string]string{"client": "", "stranger": "near:8080 near:8081 far:8080 far:8081 DNS", "visitor": "near:8080 near:8081 far:8080 far:8081 DNS"}},
		{"names alone are resolved", `{podSelector: {matchLabels: {app: client}}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}], ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]}]}`,
			map[string]string{"client": "DNS", "stranger": "near:8080 near:8081 far:8080 far:8081 DNS", "visitor": "near:8080 near:8081 far:8080 far:8081 DNS"}},
	} {
		if step.policy != "" {
			p.apply("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: only}\nspec: " + step.policy + "\n")
		}
		waitFor(t, step.name, func() (bool, any) {
			got := map[string]string{"client": p.reaches("client", addresses), "stranger": p.reaches("stranger", addresses), "visitor": other.reaches("visitor", addresses)}
			diff := cmp.Diff(step.want, got)
			return diff == "", diff
		})
		if step.policy != deny {
			continue
		}
		// The API server comes by the kubelet, and so do probes.
		forward := &forwarding{person: p, target: "pod/near", port: "8080"}
		forwarded := &http.Client{Transport: &http.Transport{DialContext: forward.dial, DisableKeepAlives: true}}
		response, err := forwarded.Get("http://near:8080")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if string(body) != "hello\n" || err != nil {
			t.Errorf("by the API server it says %q: %v", body, err)
		}
		p.apply(fmt.Sprintf(serverPod, "later", "app: server", on(1)))
		p.ready("later")
	}
}

// ready waits until a pod is.
func (p *person) ready(name string) *corev1.Pod {
	p.Helper()
	var pod *corev1.Pod
	waitFor(p, "pod "+name+" is ready", func() (bool, any) {
		var err error
		if pod, err = client.CoreV1().Pods(p.namespace).Get(p.Context(), name, metav1.GetOptions{}); err != nil {
			return false, err
		}
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
				return true, nil
			}
		}
		return false, pod.Status
	})
	return pod
}

// reaches returns what a pod can connect to: the ports of near and far, and DNS.
func (p *person) reaches(pod string, addresses map[string]string) string {
	p.Helper()
	script := ""
	for _, server := range []string{"near", "far"} {
		for _, port := range []string{"8080", "8081"} {
			script += fmt.Sprintf("printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 %s %s 2>/dev/null | grep -q hello && echo %s:%s\n", addresses[server], port, server, port)
		}
	}
	script += "timeout 3 nslookup kubernetes.default.svc.cluster.local >/dev/null 2>&1 && echo DNS\ntrue"
	return strings.Join(strings.Fields(p.kubectl("exec", pod, "--", "sh", "-c", script)), " ")
}
