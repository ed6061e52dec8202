package e2e_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
)

// grouped is a workflow of one task in the group "deploy".
func grouped(c *tally, name, policy, script string) string {
	return "kind: Workflow\nname: " + name + "\nconcurrency: {group: deploy, policy: " + policy + "}\ntasks:\n" + c.task(name, script)
}

func TestRunsOfAGroupRunOneAfterTheOther(t *testing.T) {
	t.Parallel()
	p, c := newRunner(t), newTally(t)
	ids := []string{}
	for i, name := range []string{"one", "two", "three"} {
		script := "sleep 3"
		if i == 0 {
			script = "sleep 20"
		}
		ids = append(ids, p.submitFlow(grouped(c, name, "queue", script)))
		submitted := time.Now().Unix()
		p.waitFor("the next second: runs are in the order of their creation, to the second", func() (bool, any) { return time.Now().Unix() > submitted+1, nil })
		if i == 0 {
			p.waitFor("the first run runs", func() (bool, any) { return c.counted()["one"] == 1, c.counted() })
		}
	}
	p.vast("run", "list").exits(0).shows("queued")
	for i := range ids {
		r := p.ends(ids[i])
		if r.Result != "success" {
			t.Errorf("run %d is %+v", i, r)
		}
		if i == 0 {
			continue
		}
		_, before := p.executed(ids[i-1])
		if began, _ := p.executed(ids[i]); began.Before(&before) {
			t.Errorf("the task of run %d started at %v, and that of the run before ended at %v", i, began, before)
		}
	}
	p.isCounted(c, once("one", "two", "three"))
	p.vast("run", "delete", ids[2], "--wait").exits(0)
	p.waitFor("the Lease of the group goes with the run that had it", func() (bool, any) {
		list, err := client.CoordinationV1().Leases(p.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: kube.LabelKind + "=" + kube.KindGroup})
		return err == nil && len(list.Items) == 0, list
	})
}

// executed returns when the container of a run's only task started and ended. The times
// of a Job are those at which its controller has seen that.
func (p *person) executed(run string) (began, ended metav1.Time) {
	p.Helper()
	pods, err := client.CoreV1().Pods(p.namespace).List(p.Context(), metav1.ListOptions{LabelSelector: kube.LabelWorkflow + "=" + run + "," + kube.LabelStep})
	if err != nil || len(pods.Items) != 1 || len(pods.Items[0].Status.ContainerStatuses) != 1 || pods.Items[0].Status.ContainerStatuses[0].State.Terminated == nil {
		p.Fatalf("the pods of run %s: %v, %+v", run, err, pods)
	}
	state := pods.Items[0].Status.ContainerStatuses[0].State.Terminated
	return state.StartedAt, state.FinishedAt
}

func TestTheNextRunOfAGroupFollowsOneThatIsDeleted(t *testing.T) {
	t.Parallel()
	p, c := newRunner(t), newTally(t)
	first := p.submitFlow(grouped(c, "one", "queue", "sleep 600"))
	p.waitFor("the first run runs", func() (bool, any) { return c.counted()["one"] == 1, c.counted() })
	queued := p.submitFlow(grouped(c, "two", "queue", "true"))
	next := p.submitFlow(grouped(c, "three", "queue", "true"))
	p.vast("run", "stop", queued).exits(0)
	if r := p.ends(queued); r.Phase != "cancelled" {
		t.Errorf("the run that was stopped in the queue is %+v", r)
	}
	p.vast("run", "delete", first).exits(0)
	if r := p.ends(next); r.Result != "success" {
		t.Errorf("the next run is %+v", r)
	}
	p.isCounted(c, once("one", "three"))
}

func TestARunOfAGroupCancelsThoseBeforeIt(t *testing.T) {
	t.Parallel()
	p, c := newRunner(t), newTally(t)
	running := p.submitFlow(grouped(c, "one", "cancel-previous", "sleep 600"))
	p.waitFor("the first run runs", func() (bool, any) { return c.counted()["one"] == 1, c.counted() })
	last := p.submitFlow(grouped(c, "two", "cancel-previous", "true"))
	if r := p.ends(running); r.Result != "stopped" || !strings.Contains(r.StoppedBy, last) {
		t.Errorf("the run before is %+v", r)
	}
	if r := p.ends(last); r.Result != "success" {
		t.Errorf("the last run is %+v", r)
	}
	p.isCounted(c, once("one", "two"))
}

func TestARunOfAGroupIsNotCreatedWhileAnotherOneRuns(t *testing.T) {
	t.Parallel()
	p, c := newRunner(t), newTally(t)
	first := p.submitFlow(grouped(c, "one", "reject", "sleep 600"))
	p.waitFor("the first run runs", func() (bool, any) { return c.counted()["one"] == 1, c.counted() })
	second := p.file("second.yaml", grouped(c, "two", "reject", "true"))
	p.vast("submit", second, "--queue=none", "-d").exits(5)
	if all := p.flows(); len(all) != 1 || all[0].ID != first {
		t.Errorf("the runs are %+v", all)
	}
	p.vast("run", "stop", first).exits(0)
	p.ends(first)
	// Of several ones at the same moment one is created.
	var all []*process
	for range 3 {
		all = append(all, p.start("kubectl-vast", nil, "submit", second, "--queue=none", "-d"))
	}
	codes := []int{}
	for _, one := range all {
		_ = one.command.Wait() // the code says it
		codes = append(codes, one.command.ProcessState.ExitCode())
	}
	slices.Sort(codes)
	if !slices.Equal(codes, []int{0, 5, 5}) {
		t.Errorf("the codes are %v", codes)
	}
	if all := p.flows(); len(all) != 2 {
		t.Errorf("the runs are %+v", all)
	}
}
