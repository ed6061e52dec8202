//go:build lifecycle

package testenv

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// TestLifecycle does everything the package offers to a cluster of its own. It takes
// minutes and is therefore asked for by a tag:
//
//	go test -tags lifecycle -run TestLifecycle -v .
func TestLifecycle(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	opts := Options{Name: "vast-lifecycle", Progress: t.Output()}
	t.Cleanup(func() {
		if err := Down(context.WithoutCancel(ctx), opts); err != nil {
			t.Error(err)
		}
	})
	c, err := Up(ctx, opts)
	if err != nil {
		t.Fatal(err)
	}
	worker, err := c.Worker(ctx)
	if err != nil {
		t.Fatal(err)
	}
	other, err := c.controlPlane(ctx)
	if err != nil {
		t.Fatal(err)
	}

	t.Run("pods run on both nodes", func(t *testing.T) { runOn(ctx, t, c, worker, BusyboxImage); runOn(ctx, t, c, other, PythonImage) })
	t.Run("a program becomes an image", func(t *testing.T) { loadedProgram(ctx, t, c, worker) })
	t.Run("the API server comes back", func(t *testing.T) {
		if err := c.RestartAPIServer(ctx); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a killed node is noticed", func(t *testing.T) {
		if err := c.KillNode(ctx, worker); err != nil {
			t.Fatal(err)
		}
		killed := time.Now()
		await(ctx, t, func(ctx context.Context) (bool, error) {
			node, err := c.client.CoreV1().Nodes().Get(ctx, worker, metav1.GetOptions{})
			return err == nil && !nodeReady(node), nil
		})
		t.Logf("noticed after %s", time.Since(killed).Round(time.Second))
	})
	t.Run("a killed node is healed", func(t *testing.T) {
		if err := c.HealNode(ctx, worker); err != nil {
			t.Fatal(err)
		}
		runOn(ctx, t, c, worker, BusyboxImage)
	})
	t.Run("up starts a node that stopped", func(t *testing.T) {
		if err := c.KillNode(ctx, worker); err != nil {
			t.Fatal(err)
		}
		if _, err := Up(ctx, opts); err != nil {
			t.Fatal(err)
		}
		runOn(ctx, t, c, worker, BusyboxImage)
	})
	t.Run("up makes a dead cluster again", func(t *testing.T) {
		for _, node := range []string{worker, other} {
			if err := c.KillNode(ctx, node); err != nil {
				t.Fatal(err)
			}
		}
		again, err := Up(ctx, opts)
		if err != nil {
			t.Fatal(err)
		}
		runOn(ctx, t, again, worker, BusyboxImage)
	})
}

// runOn runs a pod to its end on a node; it needs DNS and the API server's address.
func runOn(ctx context.Context, t *testing.T, c *Cluster, node, image string, command ...string) {
	t.Helper()
	if image == BusyboxImage {
		command = []string{"nslookup", "kubernetes.default.svc.cluster.local"}
	}
	pods := c.client.CoreV1().Pods("default")
	// The admission of pods waits for the account, which a controller makes.
	await(ctx, t, func(ctx context.Context) (bool, error) {
		_, err := c.client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
		return err == nil, nil
	})
	pod, err := pods.Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "run-"},
		Spec: corev1.PodSpec{
			NodeName: node, RestartPolicy: corev1.RestartPolicyNever,
			Containers: []corev1.Container{{Name: "main", Image: image, Command: command, ImagePullPolicy: corev1.PullIfNotPresent}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	await(ctx, t, func(ctx context.Context) (bool, error) {
		pod, err = pods.Get(ctx, pod.Name, metav1.GetOptions{})
		return err == nil && (pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed), nil
	})
	if pod.Status.Phase != corev1.PodSucceeded {
		t.Errorf("pod on %s: %s", node, pod.Status.Phase)
	}
}

func loadedProgram(ctx context.Context, t *testing.T, c *Cluster, node string) {
	source := filepath.Join(t.TempDir(), "main.go")
	program := filepath.Join(t.TempDir(), "hello")
	if err := os.WriteFile(source, []byte("package main\nfunc main() { println(\"hello\") }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", program, source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := c.LoadProgram(ctx, "kubevast/hello:test", program); err != nil {
		t.Fatal(err)
	}
	runOn(ctx, t, c, node, "kubevast/hello:test")
}

func await(ctx context.Context, t *testing.T, condition wait.ConditionWithContextFunc) {
	t.Helper()
	if err := wait.PollUntilContextTimeout(ctx, 300*time.Millisecond, 3*time.Minute, true, condition); err != nil {
		t.Fatal(err)
	}
}
