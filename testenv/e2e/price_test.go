package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// A task with files and results, and runs, of 100m CPU and 16Mi each, which go on
// until they are ended.
const (
	pricedTask = "workdir: .\nresources: {image_id: 'busybox:1.36', cpus: 100m, memory: 16Mi}\nrun: until [ -e /tmp/end ]; do sleep 0.2; done\n"
	pricedRuns = `version: 1
metadata: {name: priced}
configuration: [{name: only}]
execution:
  image: busybox:1.36
  runs: %d
  resources: {cpu: 60m, memory: 8Mi}
  secondary_containers:
  - second:
    resources: {cpu: 40m, memory: 8Mi}
    command: sleep 3600
  command: until [ -e /tmp/end ]; do sleep 0.2; done
`
)

// running are the pods of ours whose own container runs.
func (p *person) running() []string {
	p.Helper()
	pods, err := client.CoreV1().Pods(p.namespace).List(p.Context(), metav1.ListOptions{LabelSelector: kube.LabelTaskID})
	if err != nil {
		p.Fatal(err)
	}
	var out []string
	for _, pod := range pods.Items {
		if slices.ContainsFunc(pod.Status.ContainerStatuses, func(c corev1.ContainerStatus) bool { return c.State.Running != nil }) {
			out = append(out, pod.Name)
		}
	}
	return out
}

// priced submits so many tasks and a campaign of so many runs.
func (p *person) priced(tasks, runs int, queue string) {
	p.Helper()
	file := p.file("task.yaml", pricedTask)
	for range tasks {
		p.vast("submit", file, "-d", "--queue="+queue).exits(0)
	}
	if runs > 0 {
		p.vast("campaign", "run", p.file("runs.vast", fmt.Sprintf(pricedRuns, runs)), "--queue="+queue).exits(0)
	}
}

func TestSoManyEqualPodsWithResultsFillAQueueOfSoMany(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("cluster", "setup", "kind").exits(0)
	name := p.queue("mine", "400m")
	p.priced(2, 2, "mine")
	p.waitFor("two tasks and two runs fill a quota of four", func() (bool, any) { pods := p.running(); return len(pods) == 4, pods })
	id := strings.TrimSpace(p.vast("submit", p.file("task.yaml", pricedTask), "-d", "--queue=mine", "-o", "jsonpath={.id}").exits(0).stdout)
	waits := p.waits(1)
	if got := waits[0].Requests; waits[0].ID != id || got["cpu"] != "100m" || got["memory"] != "16Mi" || len(got) != 2 {
		t.Errorf("%s waits and asks for %v", waits[0].ID, got)
	}
	if used := p.kubectl("get", "clusterqueue", name, "-o", "jsonpath={.status.flavorsReservation[0].resources[?(@.name=='cpu')].total}"); used != "400m" {
		t.Errorf("Kueue counts %s", used)
	}
	p.touch(p.running()[0], "/tmp/end")
	p.becomes(id, api.Running)
}

func TestSoManyEqualPodsWithResultsFillAResourceQuotaOfSoMany(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("cluster", "setup", "kind").exits(0)
	// Containers without requests get large defaults, which ours must not.
	p.apply(fmt.Sprintf(`
apiVersion: v1
kind: LimitRange
metadata: {name: defaults, namespace: %[1]s}
spec: {limits: [{type: Container, default: {cpu: "1", memory: 1Gi}, defaultRequest: {cpu: 500m, memory: 512Mi}}]}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: full, namespace: %[1]s}
spec: {hard: {requests.cpu: "1000", requests.memory: 1Ti, limits.cpu: "1000", limits.memory: 1Ti}}
`, p.namespace))
	hard := corev1.ResourceList{}
	p.waitFor("what the store takes is counted", func() (bool, any) {
		q, err := client.CoreV1().ResourceQuotas(p.namespace).Get(t.Context(), "full", metav1.GetOptions{})
		hard = q.Status.Used
		return err == nil && !hard.Name(corev1.ResourceRequestsCPU, "").IsZero(), err
	})
	for name, more := range map[corev1.ResourceName]string{"requests.cpu": "300m", "limits.cpu": "300m", "requests.memory": "48Mi", "limits.memory": "48Mi"} {
		p.kubectl("patch", "resourcequota", "full", "-p", fmt.Sprintf(`{"spec":{"hard":{%q:%q}}}`, name, sum(hard[name], more)))
	}
	p.waitFor("there is room for three", func() (bool, any) {
		q, err := client.CoreV1().ResourceQuotas(p.namespace).Get(t.Context(), "full", metav1.GetOptions{})
		left := q.Status.Hard[corev1.ResourceLimitsCPU]
		return err == nil && left.Cmp(hard[corev1.ResourceLimitsCPU]) > 0 && left.Value() < 1000, err
	})
	p.priced(1, 2, "none")
	p.waitFor("a task and two runs fill a quota of three", func() (bool, any) {
		pods := p.running()
		return len(pods) == 3, []any{pods, p.kubectl("get", "events")}
	})
	p.vast("submit", p.file("task.yaml", pricedTask), "-d", "--queue=none").exits(4).
		prints("requests.cpu needs 100m", "limits.cpu needs 100m", "requests.memory needs 16Mi", "limits.memory needs 16Mi")
	p.is(p.doctor(0), "agent image", api.CheckOK)
}

func sum(q resource.Quantity, more string) string {
	q.Add(resource.MustParse(more))
	return q.String()
}
