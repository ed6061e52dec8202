package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// savingJob is a task whose sidecar saves until it receives the end. That
// is sent by the kubelet: the sidecar receives the end of the others by
// SIGTERM, and has the pod's grace then.
const savingJob = `
apiVersion: batch/v1
kind: Job
metadata:
  name: saves-aaaabbbb
  namespace: %[1]s
  labels: {kubevast.io/kind: task, kubevast.io/task-id: aaaabbbb}
  annotations: {kubevast.io/user: ann, kubevast.io/task-name: saves, kubevast.io/kept: tasks/aaaabbbb/}
spec:
  completions: 1
  parallelism: 1
  completionMode: Indexed
  backoffLimit: 0
  template:
    metadata:
      labels: {kubevast.io/kind: task, kubevast.io/task-id: aaaabbbb}
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 300
      initContainers:
      - name: vast-keep
        image: busybox:1.36
        restartPolicy: Always
        command: [sh, -c, "trap 'while [ ! -e /tmp/saved ]; do sleep 0.2; done; exit 0' TERM; while :; do sleep 0.2; done"]
      containers:
      - name: task
        image: busybox:1.36
        command: [sh, -c, "echo done"]
`

// Kubernetes calls such a pod Running, and its Job neither ready nor succeeded.
func TestATaskThatSavesIsNotPending(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.apply(fmt.Sprintf(savingJob, p.namespace))
	logs := p.start("kubectl-vast", nil, "logs", "-f", "aaaabbbb")
	waits := p.start("kubectl-vast", nil, "wait", "aaaabbbb")
	var saves api.TaskStatus
	p.waitFor("a list says that it saves", func() (bool, any) {
		saves = p.list("--all-users")[0]
		if saves.Saving && saves.State != api.Running {
			t.Errorf("it saves and is %s", saves.State)
		}
		return saves.Saving, saves.State
	})
	if saves.StartTime == nil || saves.EndTime == nil || saves.Reason != "its results are being saved" {
		t.Errorf("it ran from %v to %v: %q", saves.StartTime, saves.EndTime, saves.Reason)
	}
	for command, running := range map[string]*process{"logs -f": logs, "wait": waits} {
		p.waitFor(command+" says that it saves", func() (bool, any) {
			said := running.stderr.String()
			return strings.Contains(said, "saving"), said
		})
	}
	p.kubectl("exec", p.pods("aaaabbbb")[0].Name, "-c", kube.ContainerKeep, "--", "touch", "/tmp/saved")
	logs.wait().exits(0)
	waits.wait().exits(0)
	ended := p.list("--all-users")[0]
	if ended.State != api.Succeeded || ended.Saving || !ended.StartTime.Equal(saves.StartTime) || !ended.EndTime.Equal(saves.EndTime) {
		t.Errorf("it is %s, saving %t, and ran from %v to %v; it was from %v to %v", ended.State, ended.Saving,
			ended.StartTime, ended.EndTime, saves.StartTime, saves.EndTime)
	}
}

func TestRefusedPodsAreReportedInListsAndByTheDoctor(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.is(p.doctor(0, "--no-probe"), "pods", api.CheckOK)
	p.apply(fmt.Sprintf("apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: limits, namespace: %s}\nspec: {hard: {limits.cpu: 4}}\n", p.namespace))
	id := p.submit(minimal, "--queue", "none")
	p.waitFor("a list says why it has no pod", func() (bool, any) {
		s := p.list()[0]
		return s.State == api.Pending && strings.Contains(s.Reason, "quota limits of the namespace requires every container to set its limits.cpu"), s.Reason
	})
	s := p.isDiagnosed(id, api.CauseQuota)
	if !strings.Contains(s.Diagnosis.Hint, "pod_config") {
		t.Errorf("what to do is %q", s.Diagnosis.Hint)
	}
	p.is(p.doctor(0, "--no-probe"), "pods", api.CheckWarning, "quota limits of the namespace requires", "LimitRange")
}

// The API server answers so while Kueue's pods are away.
func TestAnUnavailableWebhookIsReportedWhileItIsWaitedFor(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	var asked atomic.Int32
	p.through(func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/jobs") && asked.Add(1) <= 4 {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":500,"reason":"InternalError","message":"Internal error occurred: failed calling webhook \"mjob.kb.io\": failed to call webhook: Post \"https://kueue-webhook-service.kueue-system.svc:443/mutate-batch-v1-job?timeout=10s\": no endpoints available for service \"kueue-webhook-service\""}`)
			return
		}
		server.ServeHTTP(w, r)
	})
	r := p.vast("submit", p.file("task.yaml", minimal), "-d").exits(0)
	if n := strings.Count(r.stderr, "no endpoints available"); n != 1 || !strings.Contains(r.stderr, "cannot create jobs.batch at the moment") || !strings.Contains(r.stderr, "it is tried again for another 2") {
		t.Errorf("it is reported %d times:\n%s", n, r.stderr)
	}
}
