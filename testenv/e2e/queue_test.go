package e2e_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/util/rand"

	"github.com/kubevast/vast/sdk/api"
)

// waiting returns what `queue list -o json` prints.
func (p *person) waiting(args ...string) []api.QueuedTask {
	p.Helper()
	r := p.vast(append([]string{"queue", "list", "-o", "json"}, args...)...).exits(0)
	list := &api.QueuedTaskList{}
	if err := json.Unmarshal([]byte(r.stdout), list); err != nil || list.Kind != "QueuedTaskList" {
		p.Fatalf("%s: %q (%v)\n%s", r.command, list.Kind, err, r.stdout)
	}
	return list.Items
}

// waits waits until n tasks wait, all with a place.
func (p *person) waits(n int, args ...string) []api.QueuedTask {
	p.Helper()
	var list []api.QueuedTask
	p.waitFor(fmt.Sprintf("%d tasks have a place in the queue", n), func() (bool, any) {
		list = p.waiting(args...)
		return len(list) == n && !slices.ContainsFunc(list, func(t api.QueuedTask) bool { return t.Position == 0 }), list
	})
	return list
}

// place returns what `queue position -o json` prints.
func (p *person) place(id string) *api.QueuedTask {
	p.Helper()
	t := &api.QueuedTask{}
	r := p.vast("queue", "position", id, "-o", "json").exits(0)
	if err := json.Unmarshal([]byte(r.stdout), t); err != nil {
		p.Fatalf("%s: %v\n%s", r.command, err, r.stdout)
	}
	return t
}

// queueStatus returns the queue that `queue status -o json` prints.
func (p *person) queueStatus(name string) api.QueueStatus {
	p.Helper()
	r := p.vast("queue", "status", name, "-o", "json").exits(0)
	list := &api.QueueStatusList{}
	if err := json.Unmarshal([]byte(r.stdout), list); err != nil || len(list.Items) != 1 {
		p.Fatalf("%s: %v\n%s", r.command, err, r.stdout)
	}
	return list.Items[0]
}

// neighbour is a person in another namespace with a queue for the same quota.
func (p *person) neighbour(clusterQueue string) *person {
	p.Helper()
	other := newPerson(p.TB)
	other.apply(fmt.Sprintf("apiVersion: kueue.x-k8s.io/v1beta2\nkind: LocalQueue\nmetadata: {name: vast, namespace: %s}\nspec: {clusterQueue: %s}\n",
		other.namespace, clusterQueue))
	return other
}

const forever = "sleep 100000"

func TestPositionsCountOverNamespaces(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	q := p.neighbour(p.queue("vast", "200m"))
	runs := p.submit(onCPUs("runs", "0.15", 1, forever))
	p.becomes(runs, api.Running)
	ids := []string{q.submit(onCPUs("theirs", "0.1", 1, "true"))}
	q.waits(1)
	for i := range 3 {
		ids = append(ids, p.submit(onCPUs(fmt.Sprintf("mine-%d", i), "0.1", 1, "true")))
	}
	p.waits(3)
	q.waits(1)

	seen := map[int]string{}
	for _, list := range [][]api.QueuedTask{p.waiting(), q.waiting()} {
		for _, task := range list {
			seen[task.Position] = task.ID
			if task.PositionPartial || task.Queue != "vast" || task.User == "" || task.Requests["cpu"] != "100m" {
				t.Errorf("the list says %+v", task)
			}
			if !strings.HasPrefix(task.Reason, "waits for 0.05 CPU of 0.2") {
				t.Errorf("task %s: reason %q", task.ID, task.Reason)
			}
		}
	}
	for i := range ids {
		if seen[i+1] == "" {
			t.Errorf("nobody is at %d: %v", i+1, seen)
		}
	}
	for at, id := range seen {
		who := p
		if id == ids[0] {
			who = q
		}
		if place := who.place(id); place.Position != at {
			t.Errorf("task %s is at %d in the list, at %d by itself", id, at, place.Position)
		}
	}
	p.vast("queue", "position", ids[3]).exits(0).shows("ahead", "in this queue", "ClusterQueue")
	p.vast("queue", "position", runs).exits(5).prints("does not wait", "running")
	p.vast("queue", "position", "nosuchid").exits(3)
	p.vast("queue", "list").exits(0).shows("POSITION", "mine-2", "waits for 0.05 CPU of 0.2")
	p.vast("queue", "list", "nosuch").exits(3).prints("vast")
	names := strings.Fields(p.vast("queue", "list", "-o", "name").exits(0).stdout)
	if len(names) != 3 || !strings.HasPrefix(names[0], "queuedtask.kubevast.io/job-mine-") {
		t.Errorf("-o name: %v", names)
	}
	s := p.queueStatus("vast")
	if s.State != api.QueueActive || s.Pending != 3 || s.Admitted != 1 || s.ClusterQueuePending != 4 ||
		s.Resources[0].Resource != "cpu" || s.Resources[0].Quota != "200m" || s.Resources[0].Used != "150m" {
		t.Errorf("queue status: %+v", s)
	}
}

func TestAQueueIsHeldAndResumed(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	name := p.queue("vast", "1")
	p.vast("queue", "hold").exits(0).shows("queue.kubevast.io/vast held").prints("context ", "namespace "+p.namespace, "queue resume vast")
	p.vast("queue", "hold", "vast").exits(0) // twice is once
	id := p.submit(onCPUs("held", "0.1", 1, "true"))
	p.waitFor("it waits for the queue", func() (bool, any) {
		list := p.waiting()
		return len(list) == 1 && list[0].Reason == "queue vast is held" && list[0].EstimatedStart == nil, list
	})
	if s := p.queueStatus("vast"); s.State != api.QueueHeld || s.Pending != 1 {
		t.Errorf("a held queue: %+v", s)
	}
	p.vast("queue", "resume", "--dry-run=server").exits(0).shows("resumed (server dry run)")
	if s := p.queueStatus("vast"); s.State != api.QueueHeld {
		t.Errorf("a dry run has resumed it: %+v", s)
	}
	p.kubectl("patch", "clusterqueue", name, "--type=merge", "-p", `{"spec":{"stopPolicy":"Hold"}}`)
	p.vast("queue", "resume").exits(0).shows("queue.kubevast.io/vast resumed").prints("ClusterQueue "+name+" is held", "kubectl patch clusterqueue "+name)
	p.waitFor("it waits for the ClusterQueue", func() (bool, any) {
		list := p.waiting()
		return len(list) == 1 && list[0].Reason == "ClusterQueue "+name+" is held", list
	})
	p.kubectl("patch", "clusterqueue", name, "--type=merge", "-p", `{"spec":{"stopPolicy":"None"}}`)
	p.vast("queue", "resume").exits(0)
	p.vast("wait", id).exits(0)
	p.vast("queue", "hold", "nosuch").exits(3).prints("vast")

	t.Run("and drained", func(t *testing.T) {
		p := p.in(t)
		id := p.submit(onCPUs("drained", "0.1", 1, forever))
		p.becomes(id, api.Running)
		p.vast("queue", "hold", "--drain").exits(0)
		p.waitFor("what ran is reported as evicted", func() (bool, any) {
			list := p.waiting()
			return len(list) == 1 && list[0].Evicted == "put back when queue vast was held", list
		})
		p.vast("queue", "list").exits(0).shows("put back when queue vast was held; queue vast is held")
		p.vast("queue", "resume").exits(0)
		p.becomes(id, api.Running)
	})
}

func TestAPreemptedTaskNamesThePreemptor(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.queue("vast", "100m")
	class := "e2e-" + rand.String(6)
	p.Cleanup(func() {
		cleanup := *p
		cleanup.TB = withoutContext{p.TB}
		cleanup.kubectl("delete", "--ignore-not-found", "workloadpriorityclass/"+class)
	})
	p.apply("apiVersion: kueue.x-k8s.io/v1beta2\nkind: WorkloadPriorityClass\nmetadata: {name: " + class + "}\nvalue: 4321\ndescription: e2e\n")
	low := p.submit(onCPUs("low", "0.1", 1, forever))
	p.becomes(low, api.Running)
	high := p.submit(onCPUs("high", "0.1", 1, forever), "--priority", class)
	p.becomes(high, api.Running)
	p.waitFor("the other names the preemptor", func() (bool, any) {
		list := p.waiting()
		return len(list) == 1 && strings.HasPrefix(list[0].Evicted, "preempted by task "+high+" of ") && list[0].Position == 1, list
	})
	p.vast("queue", "position", low).exits(0).shows("preempted by task "+high, "in the queue again since")
}

func TestAnEstimateAppearsWithThePace(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.queue("vast", "100m")
	first := p.submit(onCPUs("first", "0.1", 1, forever))
	p.becomes(first, api.Running)
	var ids []string
	for i := range 2 {
		ids = append(ids, p.submit(onCPUs(fmt.Sprintf("t%d", i), "0.1", 1, "true")))
	}
	p.waitFor("they have waited for a while", func() (bool, any) {
		list := p.waits(2)
		return !slices.ContainsFunc(list, func(t api.QueuedTask) bool { return time.Since(t.Since.Time) < 5*time.Second }), list
	})
	for _, task := range p.waiting() {
		if task.EstimatedStart != nil {
			t.Errorf("there is nothing to go by, but an estimate: %+v", task)
		}
	}
	p.vast("stop", first).exits(0)
	for _, id := range ids {
		p.vast("wait", id).exits(0)
	}
	next := p.submit(onCPUs("next", "0.1", 1, forever))
	p.becomes(next, api.Running)
	p.submit(onCPUs("last", "0.1", 1, "true"))
	last := p.waits(1)[0]
	if last.EstimatedStart == nil || !last.EstimatedStart.After(last.Since.Time) {
		t.Errorf("two had waited and were let in, but: %+v", last)
	}
	p.vast("queue", "list").exits(0).shows("EST.", "~")
	p.vast("queue", "position", last.ID).exits(0).shows("~", "estimate")
}

func TestQueuesSayWhatTheCallerMayNotSee(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	q := p.neighbour(p.queue("vast", "100m"))
	blocker := q.submit(onCPUs("blocker", "0.1", 1, forever))
	q.becomes(blocker, api.Running)
	q.submit(onCPUs("ahead", "0.1", 1, "true"))
	q.waits(1)
	p.submit(onCPUs("mine", "0.1", 1, "true"))
	p.waits(1)

	queueRights := rbacv1.PolicyRule{APIGroups: []string{"kueue.x-k8s.io"}, Resources: []string{"localqueues", "workloads"}, Verbs: []string{"get", "list"}}
	orderRights := rbacv1.PolicyRule{APIGroups: []string{"visibility.kueue.x-k8s.io"}, Resources: []string{"localqueues/pendingworkloads"}, Verbs: []string{"get"}}
	t.Run("without rights on Kueue the missing right is reported", func(t *testing.T) {
		blind := p.in(t).with("blind", readRights...)
		blind.waitFor("the account has its rights", func() (bool, any) {
			r := blind.vast("list", "--all-users")
			return r.code == 0 && strings.Contains(r.stdout, "mine"), r.stderr
		})
		blind.vast("queue", "list").exits(4).prints("may not list workloads.kueue.x-k8s.io", `in namespace "`+p.namespace+`"`)
		blind.vast("queue", "status").exits(4).prints("may not list localqueues.kueue.x-k8s.io")
		blind.vast("queue", "hold").exits(4).prints("localqueues.kueue.x-k8s.io")
	})
	t.Run("with rights in one namespace more may be ahead", func(t *testing.T) {
		poor := p.in(t).with("poor", append(readRights, queueRights)...)
		var seen []api.QueuedTask
		poor.waitFor("the account has its rights", func() (bool, any) {
			r := poor.vast("queue", "list", "--all-users", "-o", "json")
			list := &api.QueuedTaskList{}
			_ = json.Unmarshal([]byte(r.stdout), list) // nothing is none
			seen = list.Items
			return r.code == 0 && len(seen) == 1, r.stderr
		})
		if seen[0].Position != 1 || !seen[0].PositionPartial || !strings.HasPrefix(seen[0].Reason, "waits for 0.1 CPU") {
			t.Errorf("it sees %+v", seen[0])
		}
		poor.vast("queue", "list", "--all-users").exits(0).prints("only what you may see")
		poor.vast("queue", "status").exits(0).shows("Active")
		poor.vast("queue", "hold").exits(4).prints("may not patch localqueues.kueue.x-k8s.io", "auth can-i patch")
	})
	t.Run("Kueue's visibility API has the true position in one namespace, too", func(t *testing.T) {
		some := p.in(t).with("some", append(readRights, queueRights, orderRights)...)
		some.waitFor("it knows that one is ahead elsewhere", func() (bool, any) {
			r := some.vast("queue", "list", "--all-users", "-o", "jsonpath={.items[0].position} {.items[0].positionPartial}")
			return r.code == 0 && strings.TrimSpace(r.stdout) == "2", r.stdout + r.stderr
		})
	})
}
