package cmd_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

func TestBothDryRunsSayTheSame(t *testing.T) {
	meta := metav1.ObjectMeta{Name: "train-aaaaaaaa"}
	c := &clitest.Client{Task: clitest.Tasks{
		OnRender: func(*spec.Task, api.SubmitOptions) (*api.RenderedTask, error) {
			return &api.RenderedTask{Task: &api.TaskStatus{TypeMeta: api.TypeMeta[api.TaskStatus](), ObjectMeta: meta, Queue: "team"},
				Objects: []runtime.Object{&corev1.Secret{}, &batchv1.Job{ObjectMeta: meta}}}, nil
		},
		OnSubmit: func(context.Context, *spec.Task, api.SubmitOptions) (*api.TaskStatus, error) {
			return &api.TaskStatus{TypeMeta: api.TypeMeta[api.TaskStatus](), ObjectMeta: meta, Queue: "team"}, nil
		},
		OnStop: func(context.Context, string, api.TaskStopOptions) (*api.TaskStatus, error) {
			return &api.TaskStatus{TypeMeta: api.TypeMeta[api.TaskStatus](), ObjectMeta: meta}, nil
		},
	}}
	task := cmdtest.TaskFile(t, "name: train\nrun: echo hi\n")
	for args, want := range map[string]string{
		"submit " + task: "task.kubevast.io/train-aaaaaaaa submitted to queue team (KIND dry run)\n",
		"stop x":         "task.kubevast.io/train-aaaaaaaa stopped (KIND dry run)\n",
	} {
		for _, kind := range []string{"client", "server"} {
			r := cmdtest.Plugin(c).Do(t, append(strings.Fields(args), "--dry-run="+kind, "--context=x")...)
			if diff := cmp.Diff(strings.ReplaceAll(want, "KIND", kind), r.Out); diff != "" || r.Code != 0 {
				t.Errorf("%s --dry-run=%s: code %d, stderr %q (-want,+got):\n%s", args, kind, r.Code, r.Err, diff)
			}
		}
	}
	file := cmdtest.CampaignFile(t, cmdtest.Single)
	r := cmdtest.Plugin(&clitest.Client{}).Do(t, "campaign", "run", file, "--dry-run=client", "--runs=3", "--resume=sweep-2026-11-21-101500", "--queue=team")
	if want := "campaign.kubevast.io/sweep-2026-11-21-101500 submitted to queue team (client dry run)\n"; r.Out != want || !strings.HasSuffix(r.Err, "3 runs of 1 configuration.\n") {
		t.Errorf("stdout %q, want %q, stderr %q", r.Out, want, r.Err)
	}
	r = cmdtest.Plugin(&clitest.Client{Campaign: &cmdtest.Runners{}}).Do(t, "campaign", "run", file, "--dry-run=server", "--queue=team")
	if !strings.HasPrefix(r.Out, "campaign.kubevast.io/") || !strings.HasSuffix(r.Out, " submitted (server dry run)\n") {
		t.Errorf("stdout %q, stderr %q", r.Out, r.Err)
	}
}

func TestWhatWasThereAlreadyIsUnchanged(t *testing.T) {
	file := cmdtest.TaskFile(t, "name: train\nrun: echo hi\n")
	c := &clitest.Client{Task: clitest.Tasks{OnSubmit: func(context.Context, *spec.Task, api.SubmitOptions) (*api.TaskStatus, error) {
		there := cmdtest.Task("aaaaaaaa", "train", api.Running, "", 0)
		there.Unchanged, there.Queue = true, "vast"
		return &there, nil
	}}}
	r := cmdtest.Plugin(c).Do(t, "submit", file, "--request-id=a", "--detach")
	if want := "task.kubevast.io/train-aaaaaaaa unchanged\n"; r.Out != want || !strings.Contains(r.Err, "Task aaaaaaaa was submitted before; follow it with:") {
		t.Errorf("stdout %q, want %q, stderr %q", r.Out, want, r.Err)
	}
}

func TestAWorkflowIsCheckedWithoutACluster(t *testing.T) {
	file := cmdtest.TaskFile(t, "kind: Workflow\nname: w\ntasks:\n  a: {run: x, arch: arm64, timeout: 90s}\n  b: {run: x, depends: [a], matrix: {n: [1, 2]}}\n")
	r := cmdtest.Plugin(&clitest.Client{}).Do(t, "submit", file, "--dry-run=client", "-o", `jsonpath={.metadata.name} {.spec.activeDeadlineSeconds} {.spec.template.spec.affinity}{"\n"}`)
	lines := strings.Split(strings.TrimSpace(r.Out), "\n")
	if r.Code != 0 || len(lines) != 3 || !strings.HasPrefix(lines[0], "a-") || !strings.Contains(lines[0], " 90 ") || !strings.Contains(lines[0], `"values":["arm64"]`) ||
		!strings.HasPrefix(lines[1], "b-1-") || !strings.HasPrefix(lines[2], "b-2-") {
		t.Errorf("code %d, stdout %s, stderr %s", r.Code, r.Out, r.Err)
	}
	r = cmdtest.Plugin(&clitest.Client{}).Do(t, "submit", file, "--dry-run=client")
	if got := strings.Count(r.Out, " submitted (client dry run)\n"); r.Code != 0 || got != 3 {
		t.Errorf("code %d, stdout %s, stderr %s", r.Code, r.Out, r.Err)
	}
	wrong := cmdtest.TaskFile(t, "kind: Workflow\ntasks:\n  a: {run: x, depends: [b]}\n  b: {run: x, depends: [a]}\n  c: {run: x, depends: [{a: [on_failed]}, d]}\n")
	for _, kind := range []string{"client", "server", "none"} {
		r = cmdtest.Plugin(&clitest.Client{}).Do(t, "submit", wrong, "--dry-run="+kind, "--context=x")
		if r.Code != 2 || r.Out != "" || strings.Count(r.Err, "\n") != 3 || !strings.Contains(r.Err, ":3:25: tasks.a.depends[0]: the dependencies are a cycle: ") {
			t.Errorf("--dry-run=%s: code %d, stdout %s, stderr %s", kind, r.Code, r.Out, r.Err)
		}
	}
}
