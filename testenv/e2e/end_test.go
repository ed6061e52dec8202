package e2e_test

import (
	"strings"
	"testing"

	"github.com/kubevast/vast/sdk/api"
)

const endless = `name: endless
resources: {image_id: "busybox:1.36"}
run: echo started; sleep 100000
`

func TestStopKeepsTheTaskInTheListAsStopped(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	id := p.submit(endless)
	follow := p.start("kubectl-vast", nil, "logs", id, "-f")
	waiting := p.start("kubectl-vast", nil, "wait", id)
	p.waitFor("the first line", func() (bool, any) {
		return strings.Contains(follow.stdout.String(), "started\n"), follow.stderr.String()
	})
	p.vast("stop", id).exits(0).shows("task.kubevast.io/endless-" + id + " stopped")
	if got := follow.wait().exits(11).prints("Task "+id+" stopped after ", " by ").stdout; got != "started\n" {
		t.Errorf("log: %q", got)
	}
	waiting.wait().exits(11).prints("Task "+id+" stopped after ", " by ")
	s := p.status(id)
	if s.State != api.Stopped || s.StoppedBy != s.User || s.StoppedBy == "" {
		t.Errorf("the task is %s, stopped by %q, of %q", s.State, s.StoppedBy, s.User)
	}
	says(t, s, "stopped by "+s.User)
	if l := p.list(); len(l) != 1 || l[0].State != api.Stopped || l[0].Reason != "stopped by "+s.User {
		t.Errorf("the list is %+v", l)
	}
	p.waitFor("its pod has ended", func() (bool, any) {
		for _, pod := range p.pods(id) {
			if pod.Status.Phase == "Running" {
				return false, pod.Name
			}
		}
		return true, nil
	})
	t.Run("and stopping it again changes nothing", func(t *testing.T) {
		p.in(t).vast("stop", id).exits(0).shows("stopped")
	})
	t.Run("and its end stays what it was", func(t *testing.T) {
		p.in(t).vast("logs", id, "-f").exits(11)
		p.in(t).vast("wait", id).exits(11)
		p.in(t).vast("wait", id, "--for=stopped").exits(0)
	})
}

func TestStoppingAnEndedTaskReportsItsOutcome(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	id := p.vast("submit", p.file("task.yaml", minimal)).exits(0).id()
	p.vast("stop", id).exits(0).shows("had already succeeded")
	if s := p.status(id); s.State != api.Succeeded {
		t.Errorf("the task is %s", s.State)
	}
}

func TestDeleteRemovesAllThatTheTaskOwned(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	before := p.objects()
	long := "  : " + strings.Repeat("x", 70<<10)
	id := p.submit("name: rich\nnum_nodes: 2\nresources: {image_id: 'busybox:1.36'}\nsecrets: {A: b}\nrun: |\n" + long + "\n  sleep 100000\n")
	p.becomes(id, api.Running)
	for _, kind := range []string{"jobs", "pods", "services", "secrets", "configmaps"} {
		if len(p.kinds(kind, "kube-root-ca.crt")) == 0 {
			t.Errorf("a running task has no %s", kind)
		}
	}
	p.vast("delete", id, "--wait").exits(0).shows("task.kubevast.io/rich-" + id + " deleted")
	p.vast("status", id).exits(3)
	if left := p.kinds("pods"); len(left) > 0 {
		t.Errorf("--wait has returned, and these pods are left: %v", left)
	}
	p.waitFor("everything goes", func() (bool, any) {
		after := p.objects()
		return len(after) == len(before), after
	})
	p.leftNothing(before)
}

func TestAllTasksAreEndedOnlyAfterAYes(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	for range 2 {
		p.submit(endless)
	}
	ended := p.vast("submit", p.file("task.yaml", minimal)).exits(0).id()
	for _, verb := range []string{"stop", "delete"} {
		p.vast(verb, "--all").exits(2).prints("--yes")
		p.vast(verb, "--all", ended).exits(2)
		p.vast(verb).exits(2)
	}
	states := func() map[api.State]int {
		count := map[api.State]int{}
		for _, s := range p.list() {
			count[s.State]++
		}
		return count
	}
	if n := states(); n[api.Stopped] != 0 || n[api.Succeeded] != 1 {
		t.Fatalf("without a yes the tasks are %v", n)
	}
	p.vast("stop", "--all", "--yes").exits(0)
	if n := states(); n[api.Stopped] != 2 || n[api.Succeeded] != 1 {
		t.Errorf("after stop --all the tasks are %v", n)
	}
	p.vast("delete", "--all", "--yes", "--wait").exits(0)
	if n := states(); len(n) != 0 {
		t.Errorf("after delete --all the tasks are %v", n)
	}
	p.vast("stop", "--all", "--yes").exits(0).prints("No tasks of yours to stop")
}
