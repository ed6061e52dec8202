package e2e_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevast/vast/sdk/api"
)

// followed submits a task, and starts a command that follows its logs and one that waits
// for its end.
func (p *person) followed(task string) (id string, follow, waiting *process) {
	p.Helper()
	id = p.submit(task)
	follow = p.start("kubectl-vast", nil, "logs", id, "-f")
	waiting = p.start("kubectl-vast", nil, "wait", id)
	p.waitFor("the first line", func() (bool, any) {
		return strings.Contains(follow.stdout.String(), "started\n"), follow.stderr.String()
	})
	p.becomes(id, api.Running)
	return id, follow, waiting
}

func TestADeletedTaskIsReportedAsDeleted(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	id, follow, waiting := p.followed(endless)
	p.kubectl("delete", "job", "endless-"+id, "--wait=false")
	follow.wait().exits(10).prints("deleted by someone")
	waiting.wait().exits(10).prints("deleted by someone")
	p.vast("status", id).exits(3)
}

func TestATaskWithADeletedPodReportsIt(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	id, follow, waiting := p.followed(endless)
	p.kubectl("delete", "pod", p.pods(id)[0].Name, "--wait=false")
	follow.wait().exits(10).prints("deleted by someone")
	waiting.wait().exits(10).prints("deleted by someone")
	s := p.isDiagnosed(id, api.CauseDeleted)
	if s.State != api.Failed {
		t.Errorf("the task is %s", s.State)
	}
	// The diagnosis remains when the pod is gone.
	p.waitFor("the pod goes", func() (bool, any) { return len(p.pods(id)) == 0, len(p.pods(id)) })
	if s := p.status(id); s.Diagnosis == nil || s.Diagnosis.Cause != api.CauseDeleted {
		t.Errorf("without its pod the diagnosis is %+v", s.Diagnosis)
	}
}

// The claim goes between the submission and the start, which a scheduling gate
// holds back.
func TestAClaimThatIsDeletedBeforeTheStartIsNamed(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vol("create", "data", "10Mi").exits(0)
	id := p.submit(`
volumes: {/data: data}
run: echo
config: {kubernetes: {pod_config: {spec: {schedulingGates: [{name: example.com/hold}]}}}}
`)
	p.waitFor("the pod is made", func() (bool, any) { return len(p.pods(id)) == 1, nil })
	p.kubectl("delete", "pvc", "data")
	_, err := client.CoreV1().Pods(p.namespace).Patch(t.Context(), p.pods(id)[0].Name, types.JSONPatchType,
		[]byte(`[{"op": "remove", "path": "/spec/schedulingGates"}]`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s := p.isDiagnosed(id, api.CauseVolumeMissing)
	says(t, s, "volume missing", `persistentvolumeclaim "data" not found`)
}

func TestAWaitReturnsTheStateAtItsEnd(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	id := p.submit(endless, "--cpus", "1000")
	p.isDiagnosed(id, api.CauseUnschedulable)
	p.vast("wait", id, "--timeout", "1s").exits(7).prints("timed out after 1s", "Pending", "Insufficient cpu")
	p.vast("wait", id, "--for=pending").exits(0)
	if s := p.status(id); s.State != api.Pending {
		t.Errorf("after the wait the task is %s", s.State)
	}
}
