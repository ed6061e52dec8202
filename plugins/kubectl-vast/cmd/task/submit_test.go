package task_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

func TestSubmitFollowsAndPrintsTheEnd(t *testing.T) {
	for state, code := range map[api.State]int{api.Succeeded: 0, api.Failed: 10, api.Stopped: 11} {
		end := cmdtest.Task("aaaaaaaa", "train", state, "node 0 exited with 3", 0)
		start, stop := clitest.Ago(90*time.Second), clitest.Ago(0)
		end.StartTime, end.EndTime = &start, &stop
		end.Kept = "tasks/aaaaaaaa/"
		end.Diagnosis = &api.Diagnosis{Message: end.Reason, Hint: "Look at the last lines"}
		r := cmdtest.Plugin(cmdtest.Submitting(&end)).Do(t, "submit", cmdtest.TaskFile(t, "name: train\nrun: echo hi\n"))
		if r.Code != code || r.Out != "task.kubevast.io/train-aaaaaaaa submitted\none\ntwo\n" {
			t.Errorf("%s: code %d, stdout %q, stderr %q", state, r.Code, r.Out, r.Err)
		}
		report := "Task aaaaaaaa " + strings.ToLower(string(state)) + " after 90s"
		if state != api.Succeeded {
			report += ": node 0 exited with 3\n  Look at the last lines"
		} else {
			report += "\n  Fetch its results with: kubectl vast results download aaaaaaaa"
		}
		for _, want := range []string{", namespace default\n", "waiting for a machine\n", report + "\n"} {
			if !strings.Contains(r.Err, want) {
				t.Errorf("%s: stderr %q lacks %q", state, r.Err, want)
			}
		}
		if strings.Contains(r.Err, "error:") {
			t.Errorf("%s: the end is printed twice: %q", state, r.Err)
		}
	}
}

func TestSubmitWithoutFollowing(t *testing.T) {
	end := cmdtest.Task("aaaaaaaa", "train", api.Failed, "", 0)
	file := cmdtest.TaskFile(t, "name: train\nrun: echo hi\n")
	for name, tc := range map[string]struct {
		args []string
		code int
		out  string
	}{
		"detached":      {[]string{file, "-d"}, 0, "task.kubevast.io/train-aaaaaaaa submitted\n"},
		"two files":     {[]string{file, "-f", file}, 0, strings.Repeat("task.kubevast.io/train-aaaaaaaa submitted\n", 2)},
		"output":        {[]string{file, "-o", "jsonpath={.id} {.state}"}, 0, "aaaaaaaa Pending"},
		"name":          {[]string{file, "-o", "name"}, 0, "task.kubevast.io/train-aaaaaaaa\n"},
		"wait":          {[]string{file, "--wait"}, 10, "task.kubevast.io/train-aaaaaaaa submitted\n"},
		"wait, output":  {[]string{file, "--wait", "-o", "jsonpath={.state}"}, 10, "Failed"},
		"server's word": {[]string{file, "--dry-run=server"}, 0, "task.kubevast.io/train-aaaaaaaa submitted (server dry run)\n"},
	} {
		t.Run(name, func(t *testing.T) {
			r := cmdtest.Plugin(cmdtest.Submitting(&end)).Do(t, append([]string{"submit"}, tc.args...)...)
			if r.Code != tc.code || r.Out != tc.out {
				t.Errorf("code %d, stdout %q, stderr %q", r.Code, r.Out, r.Err)
			}
		})
	}
}

func TestSubmitPassesEverythingOn(t *testing.T) {
	var gotTask *spec.Task
	var got api.SubmitOptions
	c := cmdtest.Submitting(&api.TaskStatus{})
	c.Task.OnCheck = func(task *spec.Task, o api.SubmitOptions) error {
		gotTask, got = task, o
		return &api.NotSupportedError{Message: "stop here"}
	}
	run := cmdtest.Plugin(c)
	run.Stdin = "name: x\nenvs:\n  A: a\nrun: echo hi\n"
	r := run.Do(t, "submit", "-", "--name=y", "--num-nodes=3", "--env=A=1", "--secret=S=2", "--keep=1d", "--deadline=1h",
		"--security-profile=restricted", "--network=none", "--request-id=r", "--field-manager=m")
	if r.Code != cli.CodeFailed || r.Err != "error: stop here\n" {
		t.Fatalf("code %d, stderr %q", r.Code, r.Err)
	}
	got.Notify = nil // a function is equal to none
	want := api.SubmitOptions{RequestID: "r", TTL: 24 * time.Hour, Deadline: time.Hour, Profile: "restricted", Network: "none", FieldManager: "m"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("options (-want,+got):\n%s", diff)
	}
	values := []any{gotTask.Name, gotTask.NumNodes, gotTask.Envs, gotTask.Secrets}
	wantValues := []any{"y", 3, []spec.EnvVar{{Name: "A", Value: "1"}}, []spec.EnvVar{{Name: "S", Value: "2"}}}
	if diff := cmp.Diff(wantValues, values); diff != "" {
		t.Errorf("task (-want,+got):\n%s", diff)
	}
}

func TestNothingIsSubmittedWhenOneFileIsWrong(t *testing.T) {
	c := &clitest.Client{} // Submit would panic
	r := cmdtest.Plugin(c).Do(t, "submit", cmdtest.TaskFile(t, "run: echo\n"), cmdtest.TaskFile(t, "rn: echo\n"), "nowhere")
	if r.Code != cli.CodeUsage || strings.Count(r.Err, "error: ") < 2 {
		t.Errorf("code %d, stderr %q", r.Code, r.Err)
	}
}

func TestDryRunNeedsNoCluster(t *testing.T) {
	c := &clitest.Client{Task: clitest.Tasks{
		OnRender: func(*spec.Task, api.SubmitOptions) (*api.RenderedTask, error) {
			one, two := &corev1.ConfigMap{}, &corev1.Secret{}
			one.Name, two.Name = "a", "b"
			task := &api.TaskStatus{TypeMeta: api.TypeMeta[api.TaskStatus](), ObjectMeta: metav1.ObjectMeta{Name: "c"}}
			return &api.RenderedTask{Task: task, Objects: []runtime.Object{one, two}, Warnings: []api.Notice{{Message: "resources.ports has no meaning here"}}}, nil
		},
	}}
	file := cmdtest.TaskFile(t, "run: echo hi\n")
	for name, tc := range map[string]struct{ output, want string }{
		"lines": {"", "task.kubevast.io/c submitted (client dry run)\n"},
		"name":  {"name", "configmap/a\nsecret/b\n"},
		"yaml":  {"yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: b\n"},
	} {
		t.Run(name, func(t *testing.T) {
			r := cmdtest.Plugin(c).Do(t, "submit", file, "--dry-run=client", "--context=x", "-o", tc.output)
			if diff := cmp.Diff(tc.want, r.Out); diff != "" || r.Err != "Warning: resources.ports has no meaning here\n" {
				t.Errorf("stderr %q (-want,+got):\n%s", r.Err, diff)
			}
		})
	}
	r := cmdtest.Plugin(c).Do(t, "submit", file, "--dry-run=client", "--context=x", "-o", "json")
	var list struct {
		Kind  string
		Items []struct{ Kind string }
	}
	if err := json.Unmarshal([]byte(r.Out), &list); err != nil || list.Kind != "List" || len(list.Items) != 2 || list.Items[1].Kind != "Secret" {
		t.Errorf("error %v, got:\n%s", err, r.Out)
	}
}
