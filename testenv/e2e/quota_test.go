package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/sdk/api"
)

// onCPUs is a task that asks for so much and then runs the script.
func onCPUs(name, cpus string, nodes int, script string) string {
	return fmt.Sprintf("name: %s\nnum_nodes: %d\nresources: {image_id: 'busybox:1.36', cpus: %s}\nrun: |\n  %s\n", name, nodes, cpus, script)
}

// queue gives the person's namespace a LocalQueue over a ClusterQueue of its
// own with so much quota, and returns the ClusterQueue's name. Kueue has looked at both
// when it returns: a queue that admits nothing yet causes a warning of submit.
func (p *person) queue(local, cpu string, more ...string) string {
	p.Helper()
	name := "e2e-" + rand.String(8)
	p.Cleanup(func() {
		// The queues of this test only; in the background, since finalizers
		// wait for what still uses them.
		cleanup := *p
		cleanup.TB = withoutContext{p.TB}
		cleanup.kubectl("delete", "--ignore-not-found", "--wait=false", "localqueue/"+local, "clusterqueue/"+name, "resourceflavor/"+name)
	})
	p.apply(fmt.Sprintf(`
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: %[1]s}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: %[1]s}
spec:
  namespaceSelector: {}
  preemption: {withinClusterQueue: LowerPriority}
  %[4]s
  resourceGroups:
  - coveredResources: [cpu, memory]
    flavors:
    - name: %[1]s
      resources: [{name: cpu, nominalQuota: %[3]q}, {name: memory, nominalQuota: 8Ti}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: %[2]s, namespace: %[5]s}
spec: {clusterQueue: %[1]s}
`, name, local, cpu, strings.Join(more, "\n  "), p.namespace))
	active := "True"
	if len(more) > 0 {
		active = "False" // held
	}
	p.kubectl("wait", "--for=condition=Active="+active, "--timeout=60s", "localqueue/"+local)
	return name
}

// withoutContext is a test whose context has ended and that may still run
// commands: its Context is another one.
type withoutContext struct{ testing.TB }

func (withoutContext) Context() context.Context { return context.Background() }

// apply applies manifests with an administrator's rights.
func (p *person) apply(manifests string) {
	p.Helper()
	p.kubectl("apply", "--server-side", "--field-manager=e2e", "-f", p.file("apply-"+rand.String(5)+".yaml", manifests))
}

// mostAtOnce watches the Jobs of the namespace until n have ended, and returns the
// largest number of Jobs that were admitted and had not ended at the same time.
func (p *person) mostAtOnce(ctx context.Context, n int) <-chan int {
	p.Helper()
	list, err := client.BatchV1().Jobs(p.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		p.Fatal(err)
	}
	w, err := client.BatchV1().Jobs(p.namespace).Watch(ctx, metav1.ListOptions{ResourceVersion: list.ResourceVersion})
	if err != nil {
		p.Fatal(err)
	}
	out := make(chan int, 1)
	go func() {
		defer w.Stop()
		admitted, ended, most := map[string]bool{}, map[string]bool{}, 0
		for e := range w.ResultChan() {
			job, ok := e.Object.(*batchv1.Job)
			if !ok {
				continue
			}
			done := job.Status.CompletionTime != nil || slices.ContainsFunc(job.Status.Conditions, func(c batchv1.JobCondition) bool {
				return c.Type == batchv1.JobFailed && c.Status == corev1.ConditionTrue
			})
			if ended[job.Name] = ended[job.Name] || done; ended[job.Name] {
				delete(admitted, job.Name)
			} else if !ptr.Deref(job.Spec.Suspend, false) {
				admitted[job.Name] = true
			}
			most = max(most, len(admitted))
			all := 0
			for _, e := range ended {
				if e {
					all++
				}
			}
			if all == n {
				out <- most
				return
			}
		}
		close(out)
	}()
	return out
}

func TestTasksRunThroughAQuotaAFewAtATime(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.queue("vast", "2")
	const n = 20
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	most := p.mostAtOnce(ctx, n)
	var files []string
	for i := range n {
		files = append(files, p.file(fmt.Sprintf("%d.yaml", i), onCPUs(fmt.Sprintf("t%d", i), "1", 1, "echo done")))
	}
	r := p.vast(append([]string{"submit"}, files...)...).exits(0).shows("submitted to queue vast")
	if lines := r.stderrLines(); len(lines) > 0 {
		t.Errorf("stderr: %q", lines)
	}
	switch got, ok := <-most; {
	case !ok:
		t.Fatalf("they did not all end: %+v", p.list())
	case got != 2:
		t.Errorf("%d ran at once, the quota is 2", got)
	}
	p.waitFor("all have succeeded", func() (bool, any) {
		list := p.list()
		return len(list) == n && !slices.ContainsFunc(list, func(s api.TaskStatus) bool { return s.State != api.Succeeded }), list
	})
}

func TestAQueuedTaskHasItsPosition(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.queue("vast", "100m")
	first := p.submit(onCPUs("first", "0.1", 1, "sleep 100000"))
	p.becomes(first, api.Running)
	second := p.submit(onCPUs("second", "0.1", 1, "true"))
	third := p.submit(onCPUs("third", "0.1", 1, "true"))
	p.waitFor("the third is second in line", func() (bool, any) {
		s := p.status(third)
		return s.State == api.Queued && s.QueuePosition == 2, s
	})
	s := p.status(third)
	if s.Queue != "vast" || !strings.HasPrefix(s.Reason, "2nd in vast: ") {
		t.Errorf("queue %q, reason %q", s.Queue, s.Reason)
	}
	list := p.list()
	at := slices.IndexFunc(list, func(s api.TaskStatus) bool { return s.ID == second })
	if at < 0 || list[at].QueuePosition != 1 || !strings.HasPrefix(list[at].Reason, "1st in vast: ") {
		t.Errorf("the list says of the second one: %+v", list)
	}
	p.vast("list").exits(0).shows("Queued", "2nd in vast")
	t.Run("and leaves the queue when it is stopped", func(t *testing.T) {
		p := p.in(t)
		p.vast("stop", second).exits(0).shows("stopped")
		p.waitFor("the third moves up", func() (bool, any) {
			s := p.status(third)
			return s.QueuePosition == 1, s
		})
		stopped := p.status(second)
		if stopped.State != api.Stopped || stopped.StartTime != nil || stopped.NumNodes != 1 {
			t.Errorf("the stopped one is %+v", stopped)
		}
		p.vast("wait", second).exits(11)
		p.vast("logs", second, "-f").exits(11)
		job := p.job(second)
		if job.Status.CompletionTime == nil || job.Spec.TTLSecondsAfterFinished == nil {
			t.Errorf("Kubernetes will never clean up Job %s: %+v", job.Name, job.Status)
		}
	})
	p.vast("stop", first).exits(0)
	p.vast("wait", third).exits(0)
}

func TestAHeldQueueStartsNothing(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	name := p.queue("vast", "2", "stopPolicy: Hold")
	id := p.submit(onCPUs("held", "0.1", 1, "echo ran"))
	p.vast("submit", p.file("gang.yaml", onCPUs("gang", "0.1", 2, "true")), "-d").exits(0)
	p.waitFor("both wait, and say for what", func() (bool, any) {
		list := p.list()
		return len(list) == 2 && !slices.ContainsFunc(list, func(s api.TaskStatus) bool {
			return s.State != api.Queued || !strings.Contains(s.Reason, "held")
		}), list
	})
	if pods := p.kinds("pods"); len(pods) > 0 {
		t.Errorf("pods were made: %v", pods)
	}
	p.kubectl("patch", "clusterqueue", name, "--type=merge", "-p", `{"spec":{"stopPolicy":"None"}}`)
	p.vast("wait", id).exits(0)
}

func TestAHigherPriorityOvertakes(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.queue("vast", "100m")
	prefix := "e2e-" + rand.String(6)
	p.Cleanup(func() {
		cleanup := *p
		cleanup.TB = withoutContext{p.TB}
		cleanup.kubectl("delete", "--ignore-not-found", "workloadpriorityclass/"+prefix+"-low", "workloadpriorityclass/"+prefix+"-high")
	})
	for class, value := range map[string]int{"low": -777123, "high": 777123} {
		p.apply(fmt.Sprintf("apiVersion: kueue.x-k8s.io/v1beta2\nkind: WorkloadPriorityClass\nmetadata: {name: %s-%s}\nvalue: %d\ndescription: e2e\n", prefix, class, value))
	}
	p.becomes(p.submit(onCPUs("first", "0.1", 1, forever), "--priority", "777123"), api.Running)
	low := p.vast("submit", p.file("low.yaml", onCPUs("low", "0.1", 1, "true")), "-d", "--priority", prefix+"-low", "-o", "jsonpath={.id}").exits(0).stdout
	high := p.vast("submit", p.file("high.yaml", onCPUs("high", "0.1", 1, "true")), "-d", "--priority", "777123", "-o", "jsonpath={.id}").exits(0).stdout
	p.waitFor("the later one is first in line", func() (bool, any) {
		h, l := p.status(high), p.status(low)
		return h.QueuePosition == 1 && l.QueuePosition == 2, []any{h.Reason, l.Reason}
	})
	p.vast("submit", p.file("x.yaml", minimal), "-d", "--priority", "no-such-class").exits(2).prints("no-such-class", prefix+"-low")
	if n := len(p.list()); n != 3 {
		t.Errorf("%d tasks, want 3: a wrong priority has created one", n)
	}
}

func TestAGangStartsTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.queue("vast", "300m")
	one := p.submit(onCPUs("one", "0.05", 1, "sleep 100000"))
	p.becomes(one, api.Running)
	// Two of its three nodes would fit into what is left.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	pods, err := client.CoreV1().Pods(p.namespace).Watch(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	gang := p.submit(onCPUs("gang", "0.09", 3, "true"))
	p.waitFor("it waits for all three", func() (bool, any) {
		s := p.status(gang)
		return s.State == api.Queued && s.QueuePosition == 1, s
	})
	if s := p.status(gang); !strings.Contains(s.Reason, "waits for 0.02 CPU of 0.3") {
		t.Errorf("reason %q does not say what is missing", s.Reason)
	}
	if made := p.pods(gang); len(made) > 0 {
		t.Errorf("%d of its pods were made while it waits", len(made))
	}
	stopped := time.Now()
	p.vast("stop", one).exits(0)
	p.vast("wait", gang).exits(0)
	cancel()
	made := map[string]time.Time{}
	for e := range pods.ResultChan() {
		if pod, ok := e.Object.(*corev1.Pod); ok && pod.Labels["kubevast.io/task-id"] == gang {
			made[pod.Name] = pod.CreationTimestamp.Time
		}
	}
	if len(made) != 3 {
		t.Errorf("%d pods, want 3: %v", len(made), made)
	}
	for name, at := range made {
		if at.Before(stopped.Truncate(time.Second)) {
			t.Errorf("pod %s was made at %s, before there was room", name, at)
		}
	}
}

func TestATaskThatCanNeverFitIsRefused(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.queue("vast", "2")
	for name, tt := range map[string]struct {
		file string
		says []string
	}{
		"more than the quota, in all": {onCPUs("big", "1", 3, "true"), []string{"3 CPU", "2"}},
		"more than any machine":       {strings.ReplaceAll(onCPUs("fat", "0.1", 1, "true"), "cpus: 0.1", "memory: 7.5Ti"), []string{"memory"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			p.vast("submit", p.file("task.yaml", tt.file), "-d").exits(2).prints(append(tt.says, "--force")...)
		})
	}
	if n := len(p.list()); n != 0 {
		t.Fatalf("%d tasks were created", n)
	}
	id := p.vast("submit", p.file("big.yaml", onCPUs("big", "1", 3, "true")), "-d", "--force", "-o", "jsonpath={.id}").exits(0).stdout
	p.waitFor("it waits, and the reason is that it is in vain", func() (bool, any) {
		s := p.status(id)
		return s.State == api.Queued && strings.Contains(s.Reason, "can never"), s
	})
	p.vast("stop", id).exits(0)
}

func TestTheQueueIsChosenByName(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	task := p.file("task.yaml", onCPUs("t", "0.1", 1, "true"))
	t.Run("without any queue the task starts at once, and one line says so", func(t *testing.T) {
		p := p.in(t)
		p.vast("submit", task, "--wait").exits(0).prints("starts at once")
	})
	cq := p.queue("red", "2")
	p.apply(fmt.Sprintf("apiVersion: kueue.x-k8s.io/v1beta2\nkind: LocalQueue\nmetadata: {name: blue, namespace: %s}\nspec: {clusterQueue: %s}\n", p.namespace, cq))
	before := len(p.list())
	p.vast("submit", task, "-d").exits(2).prints("red", "blue", "--queue")
	p.vast("submit", task, "-d", "--queue", "green").exits(3).prints("green", "red", "blue")
	if n := len(p.list()); n != before {
		t.Errorf("%d tasks, want %d", n, before)
	}
	for queue, args := range map[string][]string{"blue": {"--queue", "blue"}, "": {"--queue", "none"}} {
		out := p.vast(append([]string{"submit", task, "-d", "-o", "json"}, args...)...).exits(0).stdout
		var s api.TaskStatus
		if err := json.Unmarshal([]byte(out), &s); err != nil {
			t.Fatal(err)
		}
		if s.Queue != queue {
			t.Errorf("%v: the task is in queue %q", args, s.Queue)
		}
		p.vast("wait", s.ID).exits(0)
	}
	for where, config := range map[string]string{
		"by SkyPilot's field":                "kueue: {local_queue_name: red}",
		"by Kueue's label of the pods":       "pod_config: {metadata: {labels: {kueue.x-k8s.io/queue-name: red}}}",
		"by the label, and no such queue":    "pod_config: {metadata: {labels: {kueue.x-k8s.io/queue-name: green}}}",
		"by the label, but the option is it": "pod_config: {metadata: {labels: {kueue.x-k8s.io/queue-name: green}}}",
	} {
		t.Run("or by the file, "+where, func(t *testing.T) {
			p := p.in(t)
			file := p.file("queued.yaml", onCPUs("t", "0.1", 1, "true")+"config: {kubernetes: {"+config+"}}\n")
			switch {
			case strings.HasSuffix(where, "no such queue"):
				p.vast("submit", file, "-d").exits(3).prints("green", "red", "blue")
				return
			case strings.HasSuffix(where, "is it"):
				p.vast("submit", file, "--wait", "--queue", "red").exits(0).prints("overrides queue", "green")
				return
			}
			r := p.vast("submit", file, "--wait").exits(0)
			if !strings.Contains(r.stdout, "queue red") {
				t.Errorf("the task is in no queue red: %s", r.stdout)
			}
		})
	}
	t.Run("a gate is what a task waits for, and nothing says that it starts", func(t *testing.T) {
		p := p.in(t)
		gated := p.file("gated.yaml", onCPUs("t", "0.1", 1, "true")+"config: {kubernetes: {pod_config: {spec: {schedulingGates: [{name: example.com/data}]}}}}\n")
		id := p.vast("submit", gated, "-d", "--queue", "none", "-o", "jsonpath={.id}").exits(0).prints("scheduling gate", "example.com/data").stdout
		p.waitFor("the gate is the reason", func() (bool, any) {
			s := p.status(id)
			return s.State == api.Pending && strings.Contains(s.Reason, "waits for scheduling gate example.com/data"), s
		})
		p.vast("delete", id, "-y").exits(0)
	})
}

func TestAPreemptedTaskIsReportedAsSuch(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.queue("vast", "100m")
	class := "e2e-" + rand.String(6)
	p.Cleanup(func() {
		cleanup := *p
		cleanup.TB = withoutContext{p.TB}
		cleanup.kubectl("delete", "--ignore-not-found", "workloadpriorityclass/"+class)
	})
	p.apply(fmt.Sprintf("apiVersion: kueue.x-k8s.io/v1beta2\nkind: WorkloadPriorityClass\nmetadata: {name: %s}\nvalue: 500\ndescription: e2e\n", class))
	low := p.submit(onCPUs("low", "0.1", 1, "sleep 100000"))
	p.becomes(low, api.Running)
	high := p.vast("submit", p.file("high.yaml", onCPUs("high", "0.1", 1, "sleep 100000")), "-d", "--priority", class, "-o", "jsonpath={.id}").exits(0).stdout
	p.becomes(high, api.Running)
	p.waitFor("the other one is back in the queue and says why", func() (bool, any) {
		s := p.status(low)
		return s.State == api.Queued && strings.Contains(s.Reason, "preempted"), s
	})
	p.vast("stop", high).exits(0)
	p.becomes(low, api.Running)
	p.vast("stop", low).exits(0)
}
