package e2e_test

import (
	"context"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// registryPort is one that nothing else on a node listens on.
const registryPort = "45179"

// newRegistryWithoutImages starts a registry on every node that says of each
// image that it has none, and returns its name. By this name containerd asks
// its own machine, without TLS.
func newRegistryWithoutImages(t testing.TB) string {
	t.Helper()
	ctx, labels := t.Context(), map[string]string{"app": "registry"}
	set := &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: "registry"},
		Spec: appsv1.DaemonSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					HostNetwork:                   true,
					TerminationGracePeriodSeconds: ptr.To[int64](0), // the port is free at once
					Containers: []corev1.Container{{Name: "registry", Image: "python:3.13-slim",
						Command: []string{"python3", "-c", strings.ReplaceAll(`
from http.server import *
class Registry(BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}'
        self.send_response(200 if self.path == "/v2/" else 404)
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET": self.wfile.write(body)
    do_HEAD = do_GET
ThreadingHTTPServer(("127.0.0.1", PORT), Registry).serve_forever()
`, "PORT", registryPort)},
						ReadinessProbe: &corev1.Probe{PeriodSeconds: 1, ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{
							Command: []string{"python3", "-c", "import socket; socket.create_connection(('127.0.0.1', " + registryPort + "))"}}}},
					}},
				},
			},
		},
	}
	sets := client.AppsV1().DaemonSets(newNamespace(t))
	set, err := sets.Create(ctx, set, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the registry is ready on every node", func() (bool, any) {
		now, err := sets.Get(context.Background(), set.Name, metav1.GetOptions{})
		return err == nil && now.Status.DesiredNumberScheduled > 0 && now.Status.NumberReady == now.Status.DesiredNumberScheduled, now.Status
	})
	return "localhost:" + registryPort
}
