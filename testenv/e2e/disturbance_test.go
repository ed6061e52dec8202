package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/testenv"
)

// The tests of this file disturb the whole cluster. They are not parallel, so
// they run alone, before all others.

// alone waits until no other test program uses the cluster.
func alone(t *testing.T) {
	t.Helper()
	release, err := testenv.Alone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
}

func TestALostNodeIsReported(t *testing.T) {
	alone(t)
	ctx := t.Context()
	worker, err := cluster.Worker(ctx)
	if err != nil {
		t.Fatal(err)
	}
	p := newPerson(t)
	id := p.submit(`name: spread
num_nodes: 2
run: echo started; sleep 100000
config: {kubernetes: {pod_config: {
  metadata: {labels: {e2e: spread}},
  spec: {topologySpreadConstraints: [{topologyKey: kubernetes.io/hostname, maxSkew: 1,
    whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {e2e: spread}}}]}}}}
`)
	p.becomes(id, api.Running)
	lost := -1
	for _, n := range p.status(id).Nodes {
		if n.KubernetesNode == worker {
			lost = n.Rank
		}
	}
	if lost < 0 {
		t.Fatalf("no node of the task is on %s", worker)
	}
	follow := p.start("kubectl-vast", nil, "logs", id, "-f")
	waiting := p.start("kubectl-vast", nil, "wait", id)
	p.waitFor("the first lines", func() (bool, any) { return follow.lines() == 2, follow.stderr.String() })

	killed := time.Now()
	p.killNode(worker)
	words := fmt.Sprintf("node %d lost its machine %s", lost, worker)
	s := p.isDiagnosed(id, api.CauseNodeLost)
	t.Logf("reported after %s", time.Since(killed).Round(time.Second))
	says(t, s, words)
	if s.Diagnosis.Rank == nil || *s.Diagnosis.Rank != lost || s.Nodes[lost].State != api.NodeLost {
		t.Errorf("the rank is %v; the nodes are %+v", s.Diagnosis.Rank, s.Nodes)
	}
	p.waitFor("the list shows it too", func() (bool, any) {
		row := p.list()[0]
		return row.Reason == words+": it does not answer", row.Reason
	})
	// The others must not wait for the dead.
	p.waitFor("the task fails", func() (bool, any) { s = p.status(id); return s.State == api.Failed, s.State })
	says(t, s, words)
	if s.Diagnosis.Cause != api.CauseNodeLost {
		t.Errorf("the cause is %s (%s)", s.Diagnosis.Cause, s.Diagnosis.Message)
	}
	if row := p.list()[0]; row.State != api.Failed || row.Reason != s.Reason {
		t.Errorf("list says %s: %q, status %q", row.State, row.Reason, s.Reason)
	}
	follow.wait().exits(10).prints(words)
	waiting.wait().exits(10).prints(words)
	p.healNode(worker)
	s = p.status(id)
	if s.State != api.Failed || s.Diagnosis.Cause != api.CauseNodeLost {
		t.Errorf("after the machine has come back the task is %s: %+v", s.State, s.Diagnosis)
	}
	p.vast("delete", id, "--wait").exits(0)
}

func TestWhoFollowsAndWaitsSurvivesARestartOfTheAPIServer(t *testing.T) {
	alone(t)
	const nodes = 2
	p := newPerson(t)
	id := p.submit(fmt.Sprintf(counting, nodes))
	p.becomes(id, api.Running)
	follow := p.start("kubectl-vast", nil, "logs", id, "-f")
	waiting := p.start("kubectl-vast", nil, "wait", id)
	watching := p.start("kubectl-vast", nil, "list", "-w", "-o", "jsonpath={.id} {.state}{\"\\n\"}")
	p.waitFor("some lines", func() (bool, any) { return follow.lines() > 100, follow.stderr.String() })
	if err := cluster.RestartAPIServer(t.Context()); errors.Is(err, testenv.ErrNotKind) {
		t.Skip("the API server of somebody else's cluster is not restarted")
	} else if err != nil {
		t.Fatal(err)
	}
	before := follow.lines()
	p.waitFor("more lines", func() (bool, any) { return follow.lines() > before+100, follow.stderr.String() })
	p.stopCounting(id)
	count(t, follow.wait().exits(0).stdout, nodes)
	waiting.wait().exits(0).shows("succeeded")
	p.waitFor("the watch shows the end", func() (bool, any) {
		out := watching.stdout.String()
		return out != "" && lastLine(out) == id+" Succeeded", out
	})
	watching.interrupt()
	watching.wait()
}

// killNode kills a machine, and makes sure that it comes back.
func (p *person) killNode(name string) {
	p.Helper()
	if err := cluster.KillNode(p.Context(), name); errors.Is(err, testenv.ErrNotKind) {
		p.Skip("no machine of somebody else's cluster is killed")
	} else if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() { p.healNode(name) })
}

// healNode returns when the cluster is as it was: the machine runs pods, and
// Jobs can be made, which Kueue's webhook has to allow.
func (p *person) healNode(name string) {
	p.Helper()
	ctx := context.Background()
	if err := cluster.HealNode(ctx, name); err != nil {
		p.Fatal(err)
	}
	p.waitFor("Kueue and the cluster's DNS are well", func() (bool, any) {
		for _, namespace := range []string{"kueue-system", "kube-system"} {
			list, err := client.AppsV1().Deployments(namespace).List(ctx, metav1.ListOptions{})
			if err != nil {
				return false, err
			}
			for _, d := range list.Items {
				if d.Status.UnavailableReplicas > 0 {
					return false, d.Name
				}
			}
		}
		return true, nil
	})
	pods, err := client.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "status.phase=" + string(corev1.PodPending)})
	if err != nil {
		p.Fatal(err)
	}
	for _, pod := range pods.Items {
		p.Logf("still pending: %s/%s", pod.Namespace, pod.Name)
	}
}

func TestARunSurvivesARestartOfTheAPIServerAndExecutesEachTaskOnce(t *testing.T) {
	alone(t)
	p, c := newKeeping(t), newTally(t)
	c.sweep(p, "sweep.vast", "sleep 5")
	text := "kind: Workflow\nname: restarted\ntasks:\n  sweep: {campaign: sweep.vast}\n" + c.task("t0", "sleep 2")
	want := once("one-0", "one-1", "two-0", "two-1", "t0", "last")
	for i := 1; i < 6; i++ {
		text += c.task(fmt.Sprintf("t%d", i), "sleep 2", fmt.Sprintf("depends: [t%d]", i-1))
		want[fmt.Sprintf("t%d", i)] = 1
	}
	id := p.submitFlow(text+c.task("last", "true", "depends: [sweep, t5]"), "-d")
	p.waitFor("the second task of the chain executes", func() (bool, any) { n := c.counted(); return n["t1"] > 0, n })
	if err := cluster.RestartAPIServer(t.Context()); errors.Is(err, testenv.ErrNotKind) {
		t.Skip("the API server of somebody else's cluster is not restarted")
	} else if err != nil {
		t.Fatal(err)
	}
	if r := p.ends(id); r.Result != "success" || r.Succeeded != 8 {
		t.Errorf("the run is %+v", r)
	}
	p.isCounted(c, want)
}
