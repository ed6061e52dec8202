package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

const sweep = "sweep-2026-11-21-101500"

// record puts the record of a campaign into the namespace, as its submission
// does.
func (p *person) record(id string, configs []string, runs int) *layout.Record {
	p.Helper()
	r := &layout.Record{Version: layout.RecordVersion, ID: id, Name: "sweep", User: "kubernetes-admin", Namespace: p.namespace,
		Created: time.Now(), File: "sweep.vast", Image: "busybox:1.36", Configs: configs, ConfigCount: len(configs),
		Runs: runs, RunsPerJob: 1, Total: len(configs) * runs, Jobs: len(configs) * runs, Complete: true}
	if _, err := client.CoreV1().ConfigMaps(p.namespace).Create(p.Context(), recordObject(r), metav1.CreateOptions{}); err != nil {
		p.Fatal(err)
	}
	return r
}

// recordObject is the ConfigMap that a submission keeps the record in.
func recordObject(r *layout.Record) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: kube.DNSLabel(r.ID, "campaign", 63), Namespace: r.Namespace,
			Labels: map[string]string{kube.LabelKind: kube.KindCampaign, kube.LabelCampaign: kube.LabelValue(r.ID),
				kube.LabelUser: kube.LabelValue(r.User), kube.LabelManagedBy: kube.ManagedBy},
			Annotations: map[string]string{kube.AnnotationCampaign: r.ID, kube.AnnotationUser: r.User}},
		Data: map[string]string{layout.RecordFile: string(r.Marshal())},
	}
}

// runJob creates a run's Job that executes the script; held ones wait.
func (p *person) runJob(id, config, run, script string, held bool) {
	p.Helper()
	task := kube.DerivedID(id, config, run)
	marks := map[string]string{kube.LabelKind: kube.KindRun, kube.LabelTaskID: task, kube.LabelCampaign: kube.LabelValue(id), kube.LabelUser: "kubernetes-admin"}
	job := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: kube.JobName(config+"-"+run, task), Labels: marks,
			Annotations: map[string]string{kube.AnnotationCampaign: id, kube.AnnotationConfig: config, kube.AnnotationRun: run}},
		Spec: batchv1.JobSpec{BackoffLimit: ptr.To[int32](0), Suspend: &held,
			Completions: ptr.To[int32](1), Parallelism: ptr.To[int32](1), CompletionMode: ptr.To(batchv1.IndexedCompletion),
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: marks}, Spec: corev1.PodSpec{
				RestartPolicy: corev1.RestartPolicyNever, TerminationGracePeriodSeconds: ptr.To[int64](0),
				Containers: []corev1.Container{{Name: kube.ContainerTask, Image: "busybox:1.36", Command: []string{"sh", "-c", script}}}}}},
	}
	if _, err := client.BatchV1().Jobs(p.namespace).Create(p.Context(), job, metav1.CreateOptions{}); err != nil {
		p.Fatal(err)
	}
}

// keptRun puts into the store what the sidecar of a run leaves there.
func (p *person) keptRun(s *store.Store, id, config string, run int, o layout.Outcome) {
	p.Helper()
	data, err := json.Marshal(layout.Inventory{Version: layout.InventoryVersion, Outcome: o})
	if err != nil {
		p.Fatal(err)
	}
	for key, content := range map[string]string{
		layout.RunPrefix(id, config, run) + layout.InventoryFile: string(data),
		layout.IndexKey(layout.RunIndex(id, config, run), o):     "",
	} {
		if _, err := s.Put(p.Context(), key, strings.NewReader(content), int64(len(content)), store.PutOptions{}); err != nil {
			p.Fatal(err)
		}
	}
}

// monitored returns the campaign that `monitor --once -o json` prints.
func (p *person) monitored(id string) *api.Campaign {
	p.Helper()
	list := &api.CampaignList{}
	r := p.vast("monitor", id, "--once", "-o", "json").exits(0)
	if err := json.Unmarshal([]byte(r.stdout), list); err != nil || len(list.Items) != 1 {
		p.Fatalf("%v:\n%s", err, r.stdout)
	}
	return &list.Items[0]
}

func TestTheRunsOfACampaignAreCountedAlsoWhenTheirJobsAreGone(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("cluster", "setup", "kind").exits(0)
	s := p.store()
	p.record(sweep, []string{"a", "b"}, 4)
	p.runJob(sweep, "a", "0", "true", false)
	p.runJob(sweep, "a", "1", "exit 3", false)
	p.runJob(sweep, "a", "2", "sleep 1000", false)
	p.runJob(sweep, "a", "3", "true", true)
	p.runJob(sweep, "b", "0", "exit 1", false)
	p.keptRun(s, sweep, "b", 0, layout.Outcome{State: api.Rejected, Message: "the input is no map"})
	p.keptRun(s, sweep, "b", 1, layout.Outcome{State: api.Failed, Cause: api.CauseOutOfMemory, Message: "out of memory (limit 64Mi)"})
	p.keptRun(s, sweep, "b", 2, layout.Outcome{State: api.Succeeded})

	want := api.RunCounts{Total: 8, Succeeded: 2, Rejected: 1, Failed: 2, Running: 1, Queued: 1, Missing: 1}
	var c *api.Campaign
	p.waitFor("all runs are counted", func() (bool, any) {
		c = p.monitored(sweep)
		return c.Runs == want, c.Runs
	})
	if c.State != api.CampaignRunning || c.Configs != 2 || c.User != "kubernetes-admin" {
		t.Errorf("%+v", c)
	}
	failures := []api.FailureGroup{
		{Cause: api.CauseExit, Count: 1, Reason: "ended with exit code 3", Example: "a/1", TaskID: kube.DerivedID(sweep, "a", "1")},
		{Cause: api.CauseOutOfMemory, Count: 1, Reason: "out of memory (limit 64Mi)", Example: "b/1", TaskID: kube.DerivedID(sweep, "b", "1")},
	}
	if diff := cmp.Diff(failures, c.Failures); diff != "" {
		t.Errorf("(-want,+got):\n%s", diff)
	}

	t.Run("for people", func(t *testing.T) {
		p := p.in(t)
		p.vast("monitor", "--once", "--all-users").exits(0).shows(sweep, " 5/8 ", "1 failed: out of memory (limit 64Mi) (b/1)",
			"kubectl vast logs "+sweep+"/b/1", "1 missing:")
		p.vast("campaign", "status", "sweep-").exits(0).shows(" 5/8 ")
		p.vast("campaign", "status", sweep, "-o", "jsonpath={.runs.failed}").exits(0).shows("2")
		p.vast("monitor", "sweep-2025", "--once").exits(3).prints(`campaign "sweep-2025" not found`)
	})
	t.Run("also by who has lost its record", func(t *testing.T) {
		p := p.in(t)
		const gone = "gone-2026-11-21-101500"
		r := &layout.Record{Version: layout.RecordVersion, ID: gone, Namespace: p.namespace, Total: 1, ConfigCount: 1, RunsPerJob: 1, Complete: true}
		data := string(r.Marshal())
		if _, err := s.Put(t.Context(), layout.RecordKey(gone), strings.NewReader(data), int64(len(data)), store.PutOptions{}); err != nil {
			t.Fatal(err)
		}
		p.keptRun(s, gone, "a", 0, layout.Outcome{State: api.Succeeded})
		if c := p.monitored(gone); c.State != api.CampaignSucceeded || c.Runs.Succeeded != 1 {
			t.Errorf("%+v", c)
		}
	})
	t.Run("beside a cluster that cannot be reached", func(t *testing.T) {
		p := p.in(t)
		c, err := clientcmd.LoadFromFile(p.kubeconfig)
		if err != nil {
			t.Fatal(err)
		}
		c.Clusters["away"] = &clientcmdapi.Cluster{Server: "https://127.0.0.1:1"}
		c.Contexts["away"] = &clientcmdapi.Context{Cluster: "away", AuthInfo: c.Contexts[c.CurrentContext].AuthInfo}
		p.kubeconfig = writeKubeconfig(t, c)
		p.vast("monitor", sweep, "-x", "away", "-x", c.CurrentContext, "--once").exits(6).
			shows("[away]\n  unreachable: ", "["+c.CurrentContext+"]", " 5/8 ")
	})
	t.Run("to the end, with its exit code", func(t *testing.T) {
		p := p.in(t)
		waiting := p.start("kubectl-vast", nil, "monitor", sweep, "--wait", "--interval=200ms")
		p.waitFor("it shows how the campaign stands", func() (bool, any) {
			return strings.Contains(waiting.stdout.String(), "5/8 done"), waiting.stdout.String()
		})
		for _, run := range []layout.RunRef{{Config: "b", Run: 3}, {Config: "a", Run: 2}, {Config: "a", Run: 3}} {
			p.keptRun(s, sweep, run.Config, run.Run, layout.Outcome{State: api.Succeeded})
		}
		for _, run := range []string{"2", "3"} {
			p.kubectl("delete", "job", "--wait=false", kube.JobName("a-"+run, kube.DerivedID(sweep, "a", run)))
		}
		waiting.wait().exits(10).shows("failed, 8/8 done, 5 succeeded, 1 rejected, 2 failed")
	})
}

func TestAnUnknownCampaignIsNotMonitored(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("monitor").exits(0).prints("No campaigns found in "+p.namespace+" namespace.", "--all-users")
	p.vast("monitor", "-o", "json").exits(0).shows(`"items": []`)
	p.vast("monitor", "--once", "--wait").exits(2)
	p.vast("monitor", "-x", "a", "--context", "b").exits(2)
	p.vast("monitor", "@latest").exits(3).prints("has none here")
}
