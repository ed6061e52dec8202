package e2e_test

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

	"github.com/kubevast/vast/internal/kube"
)

// patience is how long a test waits for a state of the cluster. It is no measure of
// speed: a test that reaches it has failed.
const patience = 3 * time.Minute

// person runs commands, with a namespace, a kubeconfig and a folder of their own.
type person struct {
	testing.TB
	namespace  string
	kubeconfig string
	dir        string // for files
	env        []string
}

// newPerson creates a namespace and a person who works in it. The namespace is deleted
// when the test has ended.
func newPerson(t testing.TB, labels ...string) *person {
	t.Helper()
	p := &person{TB: t, kubeconfig: cluster.Kubeconfig(), dir: t.TempDir()}
	p.namespace = newNamespace(t, labels...)
	return p
}

var unfit = regexp.MustCompile(`[^a-z0-9]+`)

func newNamespace(t testing.TB, labels ...string) string {
	t.Helper()
	name := strings.Trim(unfit.ReplaceAllString(strings.ToLower(strings.TrimPrefix(t.Name(), "Test")), "-"), "-")
	name = "e2e-" + strings.TrimRight(name[:min(len(name), 40)], "-") + "-" + rand.String(5)
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{}}}
	for _, l := range labels {
		key, value, _ := strings.Cut(l, "=")
		ns.Labels[key] = value
	}
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	waitIn(t, name, "a new namespace has what every namespace has", func() (bool, any) {
		_, err1 := client.CoreV1().ServiceAccounts(name).Get(t.Context(), "default", metav1.GetOptions{})
		_, err2 := client.CoreV1().ConfigMaps(name).Get(t.Context(), "kube-root-ca.crt", metav1.GetOptions{})
		return err1 == nil && err2 == nil, errors.Join(err1, err2)
	})
	t.Cleanup(func() {
		if t.Failed() {
			logNamespace(t, name)
		}
		// Deleting a namespace waits for the grace period of its pods, so they are
		// deleted without one. The namespace is deleted in the background; its name
		// is never used again.
		now := int64(0)
		err := client.CoreV1().Pods(name).DeleteCollection(context.Background(), metav1.DeleteOptions{GracePeriodSeconds: &now}, metav1.ListOptions{})
		if err != nil {
			t.Errorf("pods of namespace %s are left: %v", name, err)
		}
		err = client.CoreV1().Namespaces().Delete(context.Background(), name, metav1.DeleteOptions{})
		if err != nil {
			t.Errorf("namespace %s is left: %v", name, err)
		}
	})
	return name
}

// logNamespace logs what helps to find out why a test failed: the objects of its
// namespace, and the last lines of each container of a pod that failed.
func logNamespace(t testing.TB, namespace string) {
	get := []string{"--kubeconfig", cluster.Kubeconfig(), "-n", namespace}
	out, _ := exec.Command(cluster.Kubectl(), append(get, "get", "jobs,pods,pvc,events", "-o", "wide")...).CombinedOutput() // it is only to help
	t.Logf("namespace %s at the end:\n%s", namespace, out)
	pods, err := client.CoreV1().Pods(namespace).List(context.Background(), metav1.ListOptions{FieldSelector: "status.phase=" + string(corev1.PodFailed)})
	if err != nil {
		t.Log(err)
		return
	}
	for _, pod := range pods.Items {
		out, _ := exec.Command(cluster.Kubectl(), append(get, "logs", pod.Name, "--all-containers", "--prefix", "--tail=20")...).CombinedOutput()
		t.Logf("pod %s failed; its containers logged:\n%s", pod.Name, out)
	}
}

// in is the same person for a subtest.
func (p *person) in(t testing.TB) *person {
	other := *p
	other.TB, other.dir = t, t.TempDir()
	return &other
}

// file writes a file and returns its path.
func (p *person) file(name, content string) string {
	p.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		p.Fatal(err)
	}
	return path
}

// waitFor calls look until it returns true, sooner when something changes in the
// namespace. If that does not happen, the test fails and prints what look returned last.
func (p *person) waitFor(what string, look func() (bool, any)) {
	p.Helper()
	waitIn(p.TB, p.namespace, what, look)
}

// catch is waitFor for what soon passes, such as a file that is half written: it looks
// twenty times a second. look must not start a process.
func (p *person) catch(what string, look func() (bool, any)) {
	p.Helper()
	for deadline := time.After(patience); ; {
		done, seen := look()
		if done {
			return
		}
		select {
		case <-deadline:
			p.Fatalf("%s: it did not happen; last seen: %v", what, seen)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// waitFor is for what is in no namespace.
func waitFor(t testing.TB, what string, look func() (bool, any)) {
	t.Helper()
	waitIn(t, "", what, look)
}

func waitIn(t testing.TB, namespace, what string, look func() (bool, any)) {
	t.Helper()
	var seen any
	done := watcher.Until(namespace, patience, func() (done bool) {
		t.Helper()
		done, seen = look()
		return done
	})
	if !done {
		t.Fatalf("%s: it did not happen; last seen: %v", what, seen)
	}
}

// kubectl runs kubectl with an administrator's rights.
func (p *person) kubectl(args ...string) string {
	p.Helper()
	out, err := p.tryKubectl(args...)
	if err != nil {
		p.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (p *person) tryKubectl(args ...string) (string, error) {
	cmd := exec.CommandContext(p.Context(), cluster.Kubectl(), append([]string{"--kubeconfig", cluster.Kubeconfig(), "-n", p.namespace}, args...)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// succeeds waits until a pod has succeeded. It does not wait for one that has failed.
func (p *person) succeeds(pod string) {
	p.Helper()
	p.waitFor("pod "+pod+" succeeds", func() (bool, any) {
		found, err := client.CoreV1().Pods(p.namespace).Get(p.Context(), pod, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		if found.Status.Phase == corev1.PodFailed {
			p.Fatalf("pod %s has failed: %+v", pod, found.Status.ContainerStatuses)
		}
		return found.Status.Phase == corev1.PodSucceeded, found.Status.Phase
	})
}

// touch makes a file that a pod's task waits for. The task may end of it before
// the answer is there, and takes what is executed in its container along (137).
func (p *person) touch(pod, path string) {
	p.Helper()
	out, err := p.tryKubectl("exec", pod, "-c", kube.ContainerTask, "--", "touch", path)
	if killed := (*exec.ExitError)(nil); err != nil && !(errors.As(err, &killed) && killed.ExitCode() == 137) {
		p.Fatalf("touch %s in %s: %v\n%s", path, pod, err, out)
	}
}
