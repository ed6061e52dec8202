package e2e_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// never is a cron expression whose time does not come during a test.
const never = "0 0 29 2 *"

// schedules lists the schedules of a namespace.
func (p *person) schedules() []api.WorkflowSchedule {
	p.Helper()
	list := &api.WorkflowScheduleList{}
	if err := json.Unmarshal([]byte(p.vast("schedule", "list", "-o", "json").exits(0).stdout), list); err != nil {
		p.Fatal(err)
	}
	return list.Items
}

// trigger submits a run of a schedule and returns its id.
func (p *person) trigger(name string) string {
	p.Helper()
	return strings.TrimSpace(p.vast("schedule", "trigger", name, "-o", "jsonpath={.triggered}").exits(0).stdout)
}

// exists waits until a run was submitted completely.
func (p *person) exists(id string) {
	p.Helper()
	p.waitFor("run "+id+" is submitted", func() (bool, any) {
		cm, err := client.CoreV1().ConfigMaps(p.namespace).Get(p.Context(), kube.RunName(id), metav1.GetOptions{})
		return err == nil && cm.Annotations[kube.AnnotationParts] != "", err
	})
}

// firingLogs returns what the pods of a schedule print.
func (p *person) firingLogs() string {
	p.Helper()
	pods, err := client.CoreV1().Pods(p.namespace).List(p.Context(), metav1.ListOptions{LabelSelector: kube.LabelKind + "=" + kube.KindSchedule})
	if err != nil {
		p.Fatal(err)
	}
	var all strings.Builder
	for _, pod := range pods.Items {
		text, err := client.CoreV1().Pods(p.namespace).GetLogs(pod.Name, &corev1.PodLogOptions{}).DoRaw(p.Context())
		if err == nil { // otherwise it has not started
			all.Write(text)
		}
	}
	return all.String()
}

func TestAScheduleSubmitsRunsByItself(t *testing.T) {
	t.Parallel()
	p, c := newRunner(t), newTally(t)
	file := p.file("minutely.yaml", "kind: Workflow\nname: minutely\nschedule: {cron: '* * * * *', concurrencyPolicy: Forbid, timeZone: Etc/UTC, successfulRunsHistoryLimit: 1}\n"+
		"env: {A: frozen}\ntasks:\n"+c.task("a", "test $TOKEN-$A = secret-frozen", "secrets: {TOKEN: secret}")+c.task("b", "true", "depends: [a]"))
	p.vast("submit", file, "--queue=none", "-n", p.namespace).exits(0).shows("scheduled")
	p.waitFor("the first run ends", func() (bool, any) {
		s := p.schedules()
		return len(s) == 1 && s[0].LastResult == "success" && s[0].LastScheduleTime != nil, s
	})
	p.vast("schedule", "suspend", "minutely").exits(0).shows("suspended")
	if s := p.schedules()[0]; !s.Suspend || s.ConcurrencyPolicy != "Forbid" || s.TimeZone != "Etc/UTC" {
		t.Errorf("the schedule is %+v", s)
	}
	p.waitFor("no run is active", func() (bool, any) { s := p.schedules(); return s[0].Active == 0, s })
	first := p.schedules()[0].LastRun
	if r := p.run(first); r.Schedule != "minutely" || r.Succeeded != 2 {
		t.Errorf("the run is %+v", r)
	}
	before := c.counted()["a"]
	second := p.trigger("minutely")
	if r := p.ends(second); r.Result != "success" {
		t.Errorf("the run is %+v", r)
	}
	third := p.trigger("minutely")
	if r := p.ends(third); r.Result != "success" {
		t.Errorf("the run is %+v", r)
	}
	if got := c.counted(); got["a"] != before+2 || got["b"] != before+2 {
		t.Errorf("executions of tasks: %v, %d before", got, before)
	}
	p.waitFor("the runs before the last one of those that are kept are deleted", func() (bool, any) {
		list, err := client.CoreV1().ConfigMaps(p.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: kube.LabelKind + "=" + kube.KindWorkflow})
		var ids []string
		for _, cm := range list.Items {
			ids = append(ids, cm.Labels[kube.LabelWorkflow])
		}
		return err == nil && len(ids) == 2 && slices.Contains(ids, second) && slices.Contains(ids, third), ids
	})
	p.vast("schedule", "delete", "minutely").exits(0).shows("deleted")
	p.waitFor("the schedule is gone", func() (bool, any) { s := p.schedules(); return len(s) == 0, s })
	// The run stays, and has what it needs to be executed again.
	again := strings.TrimSpace(p.vast("rerun", third, "--from-start", "-o", "jsonpath={.id}").exits(0).stdout)
	if r := p.ends(again); r.Result != "success" {
		t.Errorf("the rerun is %+v", r)
	}
	for _, id := range []string{second, third, again} {
		p.vast("run", "delete", id, "--wait").exits(0)
	}
	p.waitFor("nothing of the schedule is left", func() (bool, any) {
		maps, err := client.CoreV1().ConfigMaps(p.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: kube.LabelSchedule})
		if err != nil {
			return false, err
		}
		secrets, err := client.CoreV1().Secrets(p.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: kube.LabelWorkflow})
		return err == nil && len(maps.Items)+len(secrets.Items) == 0, maps.Items
	})
}

func TestTheConcurrencyPolicyOfAScheduleCountsRuns(t *testing.T) {
	t.Parallel()
	p, c := newRunner(t), newTally(t)
	scheduled := func(policy, more, script string) {
		file := p.file("nightly.yaml", "kind: Workflow\nname: nightly\nschedule: {cron: '"+never+"', concurrencyPolicy: "+policy+more+"}\ntasks:\n"+c.task("a", script))
		p.vast("submit", file, "--queue=none").exits(0)
	}
	scheduled("Forbid", "", "sleep 20")
	first := p.trigger("nightly")
	p.waitFor("the first run runs", func() (bool, any) { return c.counted()["a"] == 1, c.counted() })
	second := p.trigger("nightly")
	p.waitFor("the second run waits", func() (bool, any) {
		text := p.firingLogs()
		return strings.Contains(text, "run "+first+" has not ended, and the concurrency policy is Forbid; waiting"), text
	})
	p.exists(second)
	_, ended := p.executed(first)
	if r := p.ends(second); r.Result != "success" {
		t.Errorf("the run is %+v", r)
	}
	if began, _ := p.executed(second); began.Before(&ended) {
		t.Errorf("the second run executed from %v, and the first one until %v", began, ended)
	}

	scheduled("Forbid", ", startingDeadlineSeconds: 2", "sleep 600")
	third := p.trigger("nightly")
	p.waitFor("the third run runs", func() (bool, any) { return c.counted()["a"] == 3, c.counted() })
	late := p.trigger("nightly")
	p.waitFor("the deadline of the next one passes", func() (bool, any) {
		events, err := client.CoreV1().Events(p.namespace).List(t.Context(), metav1.ListOptions{FieldSelector: "reason=RunSkipped"})
		return err == nil && len(events.Items) == 1, err
	})
	p.vast("run", "status", late).exits(3)

	scheduled("Replace", "", "true")
	next := p.trigger("nightly")
	if r := p.ends(third); r.Result != "stopped" || r.StoppedBy != "run "+next {
		t.Errorf("the run is %+v", r)
	}
	if r := p.ends(next); r.Result != "success" {
		t.Errorf("the run is %+v", r)
	}
	p.isCounted(c, map[string]int{"a": 4})
}
