package walls_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"
)

const (
	// patience is how long a test waits for a state of the cluster. It is no measure
	// of speed: a test that reaches it has failed.
	patience = 3 * time.Minute
	interval = 200 * time.Millisecond
)

// person runs commands in a namespace: an administrator of the cluster, or an account
// that as or asUser returns.
type person struct {
	testing.TB
	namespace  string
	kubeconfig string
	dir        string // for files
	env        []string
	said       *outputs
}

// newPerson creates a namespace and an administrator who works in it. The namespace is
// deleted when the test has ended.
func newPerson(t testing.TB, labels ...string) *person {
	t.Helper()
	return &person{TB: t, namespace: newNamespace(t, labels...), kubeconfig: cluster.Kubeconfig(), dir: t.TempDir(), said: &outputs{}}
}

// in is the same person for a subtest, with a folder of its own.
func (p *person) in(t testing.TB) *person {
	other := *p
	other.TB, other.dir = t, t.TempDir()
	return &other
}

var unfit = regexp.MustCompile(`[^a-z0-9]+`)

// newNamespace makes a namespace with labels such as "key=value".
func newNamespace(t testing.TB, labels ...string) string {
	t.Helper()
	name := strings.Trim(unfit.ReplaceAllString(strings.ToLower(strings.TrimPrefix(t.Name(), "Test")), "-"), "-")
	name = "walls-" + strings.TrimRight(name[:min(len(name), 40)], "-") + "-" + rand.String(5)
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{}}}
	for _, l := range labels {
		key, value, _ := strings.Cut(l, "=")
		ns.Labels[key] = value
	}
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			out, _ := exec.Command(cluster.Kubectl(), "--kubeconfig", cluster.Kubeconfig(), "-n", name,
				"get", "jobs,pods,networkpolicies", "-o", "wide").CombinedOutput() // it is only to help
			t.Logf("namespace %s at the end:\n%s", name, out)
		}
		// Deleting a namespace waits for the grace period of its pods, so they are
		// deleted without one. The namespace is deleted in the background.
		now := int64(0)
		err := client.CoreV1().Pods(name).DeleteCollection(context.Background(), metav1.DeleteOptions{GracePeriodSeconds: &now}, metav1.ListOptions{})
		if err := errors.Join(err, client.CoreV1().Namespaces().Delete(context.Background(), name, metav1.DeleteOptions{})); err != nil {
			t.Errorf("something of namespace %s is left: %v", name, err)
		}
	})
	waitFor(t, "a new namespace has what every namespace has", func() (bool, any) {
		_, err1 := client.CoreV1().ServiceAccounts(name).Get(t.Context(), "default", metav1.GetOptions{})
		_, err2 := client.CoreV1().ConfigMaps(name).Get(t.Context(), "kube-root-ca.crt", metav1.GetOptions{})
		return err1 == nil && err2 == nil, errors.Join(err1, err2)
	})
	return name
}

// file writes a file into the person's folder and returns its path.
func (p *person) file(name, content string) string {
	p.Helper()
	path := filepath.Join(p.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
		p.Fatal(err)
	}
	return path
}

// waitFor calls look until it returns true. If that does not happen, the test fails and
// prints what look returned last.
func waitFor(t testing.TB, what string, look func() (bool, any)) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		done, seen := look()
		if done {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: it did not happen; last seen: %v", what, seen)
		}
		time.Sleep(interval)
	}
}

// kubectl runs kubectl with the person's rights and returns what it printed.
func (p *person) kubectl(args ...string) string {
	p.Helper()
	out, err := p.tryKubectl(args...)
	if err != nil {
		p.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (p *person) tryKubectl(args ...string) (string, error) {
	cmd := exec.CommandContext(p.Context(), cluster.Kubectl(), append([]string{"--kubeconfig", p.kubeconfig, "-n", p.namespace}, args...)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// apply applies objects in YAML.
func (p *person) apply(objects string) {
	p.Helper()
	p.kubectl("apply", "-f", p.file("objects.yaml", objects))
}
