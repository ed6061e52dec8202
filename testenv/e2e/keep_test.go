package e2e_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

// hasLogged waits until a task's log has a text.
func (p *person) hasLogged(id, text string) {
	p.Helper()
	p.waitFor(fmt.Sprintf("task %s logs %q", id, text), func() (bool, any) {
		out := p.vast("logs", id).stdout
		return strings.Contains(out, text), out
	})
}

// runStore starts or stops the pod of the built-in store.
func (p *person) runStore(pods int) {
	p.Helper()
	p.kubectl("scale", "deployment", kube.StoreName, fmt.Sprintf("--replicas=%d", pods))
	p.waitFor(fmt.Sprintf("the store has %d pods", pods), func() (bool, any) {
		d, err := client.AppsV1().Deployments(p.namespace).Get(p.Context(), kube.StoreName, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		list, err := client.CoreV1().Pods(p.namespace).List(p.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=" + kube.StoreName})
		return err == nil && len(list.Items) == pods && int(d.Status.ReadyReplicas) == pods, err
	})
}

// sidecar returns how the container that uploads results terminated, nil while it runs.
func (p *person) sidecar(id string) *corev1.ContainerStateTerminated {
	p.Helper()
	for _, s := range p.pods(id)[0].Status.InitContainerStatuses {
		if s.Name == kube.ContainerKeep {
			return s.State.Terminated
		}
	}
	return nil
}

// If the store is unavailable while a task writes and ends, nothing is lost: the pod
// waits for the store.
func TestAStoreThatIsAwayForAWhileLosesNothing(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("cluster", "setup", "kind", "--option=storage_size=1Gi").exits(0)
	id := p.submit(`
resources: {image_id: "busybox:1.36", cpus: 50m, memory: 64Mi}
run: |
  echo before >$OUTPUT_DIR/a; echo started
  until [ -e $OUTPUT_DIR/go ]; do sleep 1; done
  echo after >>$OUTPUT_DIR/a; echo ended
`)
	p.hasLogged(id, "started")
	p.runStore(0)
	p.touch(p.pods(id)[0].Name, "/out/go")
	p.waitFor("the work has ended", func() (bool, any) {
		s := p.pods(id)[0].Status.ContainerStatuses[0].State
		return s.Terminated != nil, s
	})
	if end := p.sidecar(id); end != nil {
		t.Fatalf("the sidecar did not wait for the store: %+v", end)
	}
	p.runStore(1)
	s := p.store()
	m := p.manifest(s, id, 0)
	p.holds(s, layout.NodePrefix(id, 0), m.Files, map[string]string{"a": "before\nafter\n", "go": ""})
	if log := p.keptLog(s, m, kube.ContainerTask); log != "started\nended\n" || m.Outcome.State != api.Succeeded {
		t.Errorf("%+v, the log kept is %q", m.Outcome, log)
	}
	p.becomes(id, api.Succeeded)
}

// An evicted pod has its grace period: the result is complete, with the reason.
func TestAPodThatIsDrainedKeepsItsResult(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	s := p.withStore()
	id := p.submit(`
resources: {image_id: "busybox:1.36", cpus: 50m, memory: 64Mi}
run: |
  trap 'echo saved >$OUTPUT_DIR/late; exit 0' TERM
  echo started; while :; do sleep 1; done
`)
	p.hasLogged(id, "started")
	err := client.PolicyV1().Evictions(p.namespace).Evict(t.Context(), &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: p.pods(id)[0].Name, Namespace: p.namespace}})
	if err != nil {
		t.Fatal(err)
	}
	m := p.manifest(s, id, 0)
	p.holds(s, layout.NodePrefix(id, 0), m.Files, map[string]string{"late": "saved\n"})
	if m.Outcome.State != api.Failed || m.Outcome.Cause != api.CauseEvicted {
		t.Errorf("the outcome is %+v", m.Outcome)
	}
}

// A task that Kueue suspends while it runs starts again when it is admitted again: the
// first attempt's files are saved but not marked complete, and in the end the result is
// that of the second attempt.
func TestATaskThatIsSuspendedInTheMiddleIsNotOver(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	s := p.withStore()
	id := p.submit(`
resources: {image_id: "busybox:1.36", cpus: 50m, memory: 64Mi}
run: |
  hostname >$OUTPUT_DIR/by; echo started
  until [ -e $OUTPUT_DIR/go ]; do sleep 1; done
`)
	p.hasLogged(id, "started")
	first := p.pods(id)[0]
	p.touch(first.Name, "/out/first")
	workload := strings.TrimSpace(p.kubectl("get", "workloads.kueue.x-k8s.io", "-o", "name"))
	p.kubectl("patch", workload, "--type=merge", "-p", `{"spec":{"active":false}}`)
	p.waitFor("the first pod is gone", func() (bool, any) { return len(p.pods(id)) == 0, p.pods(id) })
	if text, err := p.object(s, layout.NodePrefix(id, 0)+"first"); err != nil || text != "" {
		t.Errorf("the first attempt's file is not saved: %q, %v", text, err)
	}
	if _, err := p.object(s, layout.NodePrefix(id, 0)+layout.InventoryFile); !errors.As(err, new(*api.NotFoundError)) {
		t.Errorf("an attempt that is not over has a manifest: %v", err)
	}
	p.kubectl("patch", workload, "--type=merge", "-p", `{"spec":{"active":true}}`)
	p.hasLogged(id, "started")
	p.touch(p.pods(id)[0].Name, "/out/go")
	m := p.manifest(s, id, 0)
	var names []string
	for _, f := range m.Files {
		names = append(names, f.Path)
	}
	if got := strings.Join(names, " "); got != "by go" || m.Pod == first.Name || m.Outcome.State != api.Succeeded {
		t.Errorf("the result of pod %s has %s, %+v", m.Pod, got, m.Outcome)
	}
	if _, err := p.object(s, layout.NodePrefix(id, 0)+"first"); !errors.As(err, new(*api.NotFoundError)) {
		t.Errorf("a file of the first attempt is left: %v", err)
	}
	p.becomes(id, api.Succeeded)
}
