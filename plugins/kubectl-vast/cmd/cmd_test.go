package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/internal/identity"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

func plugin(c *clitest.Client) clitest.Run {
	return clitest.Run{Client: c, Plugin: cli.Plugin{Name: "kubectl-vast", Display: "kubectl vast"}, Build: New}
}

func task(id, name string, state api.State, reason string, age time.Duration) api.TaskStatus {
	return api.TaskStatus{
		TypeMeta: api.TypeMeta(api.KindTask),
		ObjectMeta: metav1.ObjectMeta{
			Name: name + "-" + id, Namespace: "default", UID: types.UID(id),
			CreationTimestamp: clitest.Ago(age), Labels: map[string]string{"team": "a"},
		},
		ID: id, TaskName: name, User: "alice", State: state, Reason: reason, NumNodes: 1, Image: "busybox",
	}
}

// tasks are two tasks, the oldest first, as the SDK lists them.
func tasks(context.Context, api.ListOptions) (*api.TaskStatusList, error) {
	return &api.TaskStatusList{
		TypeMeta: api.TypeMeta(api.KindTaskList),
		Items: []api.TaskStatus{
			task("aaaaaaaa", "train", api.Failed, "node 0 out of memory (limit 512Mi)", 2*time.Hour),
			task("bbbbbbbb", "eval", api.Succeeded, "done", 5*time.Minute),
		},
	}, nil
}

func taskFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "task.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestList(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"newest first": {nil, `
ID         NAME    STATE       NODES   AGE    REASON
bbbbbbbb   eval    Succeeded   1       5m     
aaaaaaaa   train   Failed      1       120m   node 0 out of memory (limit 512Mi)
`},
		"all users and namespaces": {[]string{"-A", "--all-users", "--no-headers"}, `
default   bbbbbbbb   eval    Succeeded   1     5m     alice   
default   aaaaaaaa   train   Failed      1     120m   alice   node 0 out of memory (limit 512Mi)
`},
		"by column":   {[]string{"--sort-by=ID", "-o", "custom-columns=ID:.id", "--no-headers"}, "\naaaaaaaa\nbbbbbbbb\n"},
		"by jsonpath": {[]string{"--sort-by={.taskName}", "-o", "name"}, "\ntask.kubevast.io/eval-bbbbbbbb\ntask.kubevast.io/train-aaaaaaaa\n"},
		"by age":      {[]string{"--sort-by=age", "-o", "jsonpath={.items[*].id}"}, "\nbbbbbbbb aaaaaaaa"},
		"labels": {[]string{"--show-labels", "-L", "team"}, `
ID         NAME    STATE       NODES   AGE    REASON                               TEAM   LABELS
bbbbbbbb   eval    Succeeded   1       5m                                          a      team=a
aaaaaaaa   train   Failed      1       120m   node 0 out of memory (limit 512Mi)   a      team=a
`},
	} {
		t.Run(name, func(t *testing.T) {
			r := plugin(&clitest.Client{Task: clitest.Tasks{OnList: tasks}}).Do(t, append([]string{"list"}, tc.args...)...)
			if r.Code != 0 || r.Err != "" {
				t.Errorf("code %d, stderr %q", r.Code, r.Err)
			}
			if diff := cmp.Diff(tc.want, "\n"+r.Out); diff != "" {
				t.Errorf("(-want,+got):\n%s", diff)
			}
		})
	}
}

func TestListAsksForWhatTheFlagsSay(t *testing.T) {
	var got api.ListOptions
	c := &clitest.Client{Task: clitest.Tasks{OnList: func(_ context.Context, o api.ListOptions) (*api.TaskStatusList, error) {
		got = o
		return &api.TaskStatusList{TypeMeta: api.TypeMeta(api.KindTaskList)}, nil
	}}}
	r := plugin(c).Do(t, "list", "--all-users", "-l", "a=b", "--state=running,FAILED")
	want := api.ListOptions{AllUsers: true, LabelSelector: "a=b", States: []api.State{api.Running, api.Failed}}
	if diff := cmp.Diff(want, got); diff != "" || r.Code != 0 {
		t.Errorf("code %d (-want,+got):\n%s", r.Code, diff)
	}
	if want := "No tasks found in default namespace.\n"; r.Err != want || r.Out != "" {
		t.Errorf("stdout %q, stderr %q, want %q", r.Out, r.Err, want)
	}
	r = plugin(c).Do(t, "list", "-o", "json")
	var list api.TaskStatusList
	if err := json.Unmarshal([]byte(r.Out), &list); err != nil || r.Err != "" {
		t.Errorf("an empty list as JSON: %v, stderr %q", err, r.Err)
	}
}

func TestWatchPrintsWhatChanged(t *testing.T) {
	running := task("bbbbbbbb", "eval", api.Running, "", 5*time.Minute)
	again := running
	again.ResourceVersion = "7"
	c := &clitest.Client{Task: clitest.Tasks{OnList: tasks, OnWatch: func(context.Context, api.ListOptions) iter.Seq2[*api.TaskStatus, error] {
		return func(yield func(*api.TaskStatus, error) bool) {
			list, _ := tasks(t.Context(), api.ListOptions{})
			_ = yield(&list.Items[0], nil) && yield(&running, nil) && yield(&again, nil)
		}
	}}}
	r := plugin(c).Do(t, "list", "-w", "-o", "name")
	want := "task.kubevast.io/eval-bbbbbbbb\ntask.kubevast.io/train-aaaaaaaa\ntask.kubevast.io/eval-bbbbbbbb\n"
	if diff := cmp.Diff(want, r.Out); diff != "" {
		t.Errorf("(-want,+got):\n%s%s", diff, r.Err)
	}
	r = plugin(c).Do(t, "list", "-w")
	if got := strings.Count(r.Out, "\n"); got != 4 || strings.Count(r.Out, "NAME") != 1 {
		t.Errorf("got:\n%s", r.Out)
	}
}

func TestWrongUsage(t *testing.T) {
	file := taskFile(t, "run: echo hi\n")
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"unknown command":      {[]string{"sbmit"}, `unknown command "sbmit" for "kubectl vast"; did you mean: submit`},
		"unknown sub command":  {[]string{"auth", "logn"}, `did you mean: login`},
		"unknown flag":         {[]string{"list", "--foo"}, "unknown flag: --foo; see 'kubectl vast list --help'"},
		"no file":              {[]string{"submit"}, "a task file is missing"},
		"stdin twice":          {[]string{"submit", "-", "-f", "-"}, "only once"},
		"detach and wait":      {[]string{"submit", file, "-d", "--wait"}, "exclude each other"},
		"no nodes":             {[]string{"submit", file, "--num-nodes=0"}, "at least 1"},
		"dry run of what":      {[]string{"submit", file, "--dry-run=maybe"}, `must be "none", "client" or "server"`},
		"file that is missing": {[]string{"submit", "nowhere.yaml"}, "nowhere.yaml: no such file"},
		"request id for two":   {[]string{"submit", file, file, "--request-id=x"}, "single task"},
		"format":               {[]string{"list", "-o", "table"}, `"table"`},
		"state":                {[]string{"list", "--state=done"}, "one of Queued, Pending, Running, Succeeded, Rejected, Failed, Stopped"},
		"state to wait for":    {[]string{"wait", "x", "--for=done"}, `or "end"`},
		"no id":                {[]string{"logs"}, "the id of a task is missing: kubectl vast logs ID"},
		"two ids":              {[]string{"logs", "a", "b"}, `unexpected argument "b"`},
		"ids and all":          {[]string{"stop", "a", "--all"}, "not both"},
		"neither":              {[]string{"delete"}, "--all"},
		"name":                 {[]string{"auth", "login", " x"}, "cannot be a name"},
		"tail":                 {[]string{"logs", "x", "--tail=-2"}, "-1 or more"},
	} {
		t.Run(name, func(t *testing.T) {
			r := plugin(&clitest.Client{}).Do(t, tc.args...)
			if r.Code != cli.CodeUsage || r.Out != "" {
				t.Errorf("code %d, stdout %q", r.Code, r.Out)
			}
			if !strings.Contains(r.Err, tc.want) || !strings.HasPrefix(r.Err, "error: ") || strings.Count(r.Err, "\n") != 1 {
				t.Errorf("stderr %q, want one line with %q", r.Err, tc.want)
			}
		})
	}
}

func TestNoKubeconfig(t *testing.T) {
	r := plugin(nil).Do(t, "list")
	if r.Code != cli.CodeUsage || !strings.Contains(r.Err, "no kubeconfig found") {
		t.Errorf("code %d, stderr %q", r.Code, r.Err)
	}
}

// submitting is an SDK whose task ends as end says, after two lines of log.
func submitting(end *api.TaskStatus) *clitest.Client {
	return &clitest.Client{Task: clitest.Tasks{
		OnSubmit: func(_ context.Context, t *spec.Task, _ api.SubmitOptions) (*api.TaskStatus, error) {
			s := task("aaaaaaaa", t.Name, api.Pending, "", 0)
			return &s, nil
		},
		OnLogs: func(_ context.Context, _ string, o api.LogOptions, sink api.LogSink) error {
			o.Notify("waiting for a machine")
			for _, text := range []string{"one\n", "two\n"} {
				if err := sink(api.LogLine{Text: []byte(text)}); err != nil {
					return err
				}
			}
			if end.State == api.Succeeded {
				return nil
			}
			return &api.TaskFailedError{Task: end}
		},
		OnGet: func(context.Context, string) (*api.TaskStatus, error) { return end, nil },
		OnWait: func(context.Context, string, api.WaitOptions) (*api.TaskStatus, error) {
			if end.State == api.Succeeded {
				return end, nil
			}
			return nil, &api.TaskFailedError{Task: end}
		},
	}}
}

func TestSubmitFollowsAndTellsTheEnd(t *testing.T) {
	for state, code := range map[api.State]int{api.Succeeded: 0, api.Failed: 10, api.Stopped: 11} {
		end := task("aaaaaaaa", "train", state, "node 0 exited with 3", 0)
		start, stop := clitest.Ago(90*time.Second), clitest.Ago(0)
		end.StartTime, end.EndTime = &start, &stop
		end.Kept = "tasks/aaaaaaaa/"
		end.Diagnosis = &api.Diagnosis{Message: end.Reason, Hint: "Look at the last lines"}
		r := plugin(submitting(&end)).Do(t, "submit", taskFile(t, "name: train\nrun: echo hi\n"))
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
			t.Errorf("%s: the end is told twice: %q", state, r.Err)
		}
	}
}

func TestSubmitWithoutFollowing(t *testing.T) {
	end := task("aaaaaaaa", "train", api.Failed, "", 0)
	file := taskFile(t, "name: train\nrun: echo hi\n")
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
			r := plugin(submitting(&end)).Do(t, append([]string{"submit"}, tc.args...)...)
			if r.Code != tc.code || r.Out != tc.out {
				t.Errorf("code %d, stdout %q, stderr %q", r.Code, r.Out, r.Err)
			}
		})
	}
}

func TestSubmitPassesEverythingOn(t *testing.T) {
	var gotTask *spec.Task
	var got api.SubmitOptions
	c := submitting(&api.TaskStatus{})
	c.Task.OnCheck = func(task *spec.Task, o api.SubmitOptions) error {
		gotTask, got = task, o
		return &api.NotSupportedError{Message: "stop here"}
	}
	run := plugin(c)
	run.Stdin = "name: x\nenvs:\n  A: a\nrun: echo hi\n"
	r := run.Do(t, "submit", "-", "--name=y", "--num-nodes=3", "--env=A=1", "--secret=S=2", "--keep=1d", "--deadline=1h",
		"--security-profile=restricted", "--network=none", "--request-id=r", "--field-manager=m")
	if r.Code != cli.CodeFailed || r.Err != "error: stop here\n" {
		t.Fatalf("code %d, stderr %q", r.Code, r.Err)
	}
	got.Notify = nil // a function is equal to none
	want := api.SubmitOptions{RequestID: "r", Keep: 24 * time.Hour, Deadline: time.Hour, Profile: "restricted", Network: "none", FieldManager: "m"}
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
	r := plugin(c).Do(t, "submit", taskFile(t, "run: echo\n"), taskFile(t, "rn: echo\n"), "nowhere")
	if r.Code != cli.CodeUsage || strings.Count(r.Err, "error: ") < 2 {
		t.Errorf("code %d, stderr %q", r.Code, r.Err)
	}
}

func TestDryRunNeedsNoCluster(t *testing.T) {
	c := &clitest.Client{Task: clitest.Tasks{
		OnRender: func(*spec.Task, api.SubmitOptions) ([]runtime.Object, []string, error) {
			one, two := &corev1.ConfigMap{}, &corev1.Secret{}
			one.Name, two.Name = "a", "b"
			return []runtime.Object{one, two}, []string{"resources.ports has no meaning here"}, nil
		},
	}}
	file := taskFile(t, "run: echo hi\n")
	for name, tc := range map[string]struct{ output, want string }{
		"lines": {"", "configmap/a created (client dry run)\nsecret/b created (client dry run)\n"},
		"name":  {"name", "configmap/a\nsecret/b\n"},
		"yaml":  {"yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: b\n"},
	} {
		t.Run(name, func(t *testing.T) {
			r := plugin(c).Do(t, "submit", file, "--dry-run=client", "--context=x", "-o", tc.output)
			if diff := cmp.Diff(tc.want, r.Out); diff != "" || r.Err != "Warning: resources.ports has no meaning here\n" {
				t.Errorf("stderr %q (-want,+got):\n%s", r.Err, diff)
			}
		})
	}
	r := plugin(c).Do(t, "submit", file, "--dry-run=client", "--context=x", "-o", "json")
	var list struct {
		Kind  string
		Items []struct{ Kind string }
	}
	if err := json.Unmarshal([]byte(r.Out), &list); err != nil || list.Kind != "List" || len(list.Items) != 2 || list.Items[1].Kind != "Secret" {
		t.Errorf("error %v, got:\n%s", err, r.Out)
	}
}

func TestStopAndDelete(t *testing.T) {
	var asked api.ListOptions
	c := &clitest.Client{Task: clitest.Tasks{
		OnList: func(ctx context.Context, o api.ListOptions) (*api.TaskStatusList, error) {
			asked = o
			return tasks(ctx, o)
		},
		OnStop: func(_ context.Context, ref string, _ api.StopOptions) (*api.TaskStatus, error) {
			s := task("aaaaaaaa", ref, api.Stopped, "", 0)
			switch ref {
			case "gone":
				return nil, &api.NotFoundError{Kind: "task", Name: ref}
			case "done":
				s.State = api.Succeeded
			}
			return &s, nil
		},
		OnDelete: func(_ context.Context, ref string, o api.DeleteOptions) (*api.TaskStatus, error) {
			if !o.Wait {
				return nil, errors.New("wait is missing")
			}
			s := task("aaaaaaaa", ref, api.Failed, "", 0)
			return &s, nil
		},
	}}
	for name, tc := range map[string]struct {
		args     []string
		stdin    string
		terminal bool
		code     int
		out, err string
	}{
		"several": {args: []string{"stop", "x", "gone", "done"}, code: 3,
			out: "task.kubevast.io/x-aaaaaaaa stopped\ntask.kubevast.io/done-aaaaaaaa had already succeeded\n", err: "error: task \"gone\" not found\n"},
		"ignored":     {args: []string{"stop", "gone", "--ignore-not-found"}},
		"dry run":     {args: []string{"stop", "x", "--dry-run=server"}, out: "task.kubevast.io/x-aaaaaaaa stopped (server dry run)\n"},
		"name":        {args: []string{"stop", "x", "-o", "name"}, out: "task.kubevast.io/x-aaaaaaaa\n"},
		"no terminal": {args: []string{"stop", "--all"}, code: 2, err: "add --yes"},
		"declined":    {args: []string{"stop", "--all"}, terminal: true, stdin: "n\n", err: "Stop 2 tasks (train-aaaaaaaa, eval-bbbbbbbb)? [y/N] Cancelled"},
		"affirmed": {args: []string{"delete", "--all", "--wait"}, terminal: true, stdin: "y\n",
			out: "task.kubevast.io/train-aaaaaaaa-aaaaaaaa deleted\ntask.kubevast.io/eval-bbbbbbbb-aaaaaaaa deleted\n"},
		"yes": {args: []string{"delete", "--all", "--wait", "-y", "-o", "jsonpath={.id}"}, out: "aaaaaaaaaaaaaaaa"},
	} {
		t.Run(name, func(t *testing.T) {
			run := plugin(c)
			run.Stdin, run.Terminal = tc.stdin, tc.terminal
			r := run.Do(t, tc.args...)
			if r.Code != tc.code || r.Out != tc.out || !strings.Contains(r.Err, tc.err) {
				t.Errorf("code %d, stdout %q, stderr %q", r.Code, r.Out, r.Err)
			}
			if !strings.Contains(r.Err, "namespace default\n") {
				t.Errorf("stderr %q does not tell the target", r.Err)
			}
		})
	}
	plugin(c).Do(t, "stop", "--all", "-y")
	if diff := cmp.Diff(active(), asked.States); diff != "" || asked.AllUsers || asked.AllNamespaces {
		t.Errorf("stop --all asked for %+v", asked)
	}
}

func TestLogsAndWait(t *testing.T) {
	ended := task("aaaaaaaa", "train", api.Failed, "node 0 exited with 3", 0)
	c := submitting(&ended)
	if r := plugin(c).Do(t, "logs", "a", "-f"); r.Code != 10 || r.Out != "one\ntwo\n" {
		t.Errorf("logs -f: %+v", r)
	}
	if r := plugin(c).Do(t, "logs", "a", "--node=1"); r.Code != 2 {
		t.Errorf("logs of a node that is not there: %+v", r)
	}
	if r := plugin(c).Do(t, "wait", "a"); r.Code != 10 || r.Err != "Task aaaaaaaa failed: node 0 exited with 3\n  See more with: kubectl vast status aaaaaaaa\n" {
		t.Errorf("wait: %+v", r)
	}
	c.Task.OnWait = func(_ context.Context, _ string, o api.WaitOptions) (*api.TaskStatus, error) {
		if o.For != api.Running || o.Timeout != time.Second {
			t.Errorf("waits for %+v", o)
		}
		return nil, &api.TimedOutError{After: o.Timeout}
	}
	if r := plugin(c).Do(t, "wait", "a", "--for=running", "--timeout=1s"); r.Code != 7 {
		t.Errorf("wait: %+v", r)
	}
}

// What `list -o name` prints is taken by the commands that show one task, too.
func TestStatusAndWaitTakeSeveralTasks(t *testing.T) {
	tasks := map[string]api.TaskStatus{
		"task.kubevast.io/a": task("aaaaaaaa", "a", api.Succeeded, "", time.Hour),
		"task.kubevast.io/b": task("bbbbbbbb", "b", api.Failed, "node 0 exited with 3", time.Hour),
	}
	c := &clitest.Client{Task: clitest.Tasks{
		OnGet: func(_ context.Context, ref string) (*api.TaskStatus, error) {
			s, ok := tasks[ref]
			if !ok {
				return nil, &api.NotFoundError{Kind: "task", Name: ref}
			}
			return &s, nil
		},
		OnWait: func(_ context.Context, ref string, _ api.WaitOptions) (*api.TaskStatus, error) {
			s := tasks[ref]
			if s.State == api.Failed {
				return nil, &api.TaskFailedError{Task: &s}
			}
			return &s, nil
		},
	}}
	a, b := "task.kubevast.io/a", "task.kubevast.io/b"
	r := plugin(c).Do(t, "status", a, "gone", b, "-o", "jsonpath={.items[*].id}")
	if r.Code != 3 || r.Out != "aaaaaaaa bbbbbbbb" || !strings.Contains(r.Err, `task "gone" not found`) {
		t.Errorf("status -o jsonpath: %+v", r)
	}
	if r = plugin(c).Do(t, "status", a, b, "-o", "name"); r.Code != 0 || len(strings.Fields(r.Out)) != 2 {
		t.Errorf("status -o name: %+v", r)
	}
	if r = plugin(c).Do(t, "status", a, b); r.Code != 0 || strings.Count(r.Out, "How to go on:") != 2 {
		t.Errorf("status: %+v", r)
	}
	if r = plugin(c).Do(t, "wait", b, a); r.Code != 10 || !strings.HasSuffix(r.Out, " succeeded\n") || !strings.Contains(r.Err, "Task bbbbbbbb failed") {
		t.Errorf("wait: %+v", r)
	}
}

func TestLogsOfATaskThatCouldNotStartSayWhy(t *testing.T) {
	s := task("aaaaaaaa", "train", api.Failed, "node 0 could not start", 0)
	c := &clitest.Client{Task: clitest.Tasks{
		OnGet:  func(context.Context, string) (*api.TaskStatus, error) { return &s, nil },
		OnLogs: func(context.Context, string, api.LogOptions, api.LogSink) error { return nil },
	}}
	const want = "There is no log. Task aaaaaaaa is Failed: node 0 could not start; see: kubectl vast status aaaaaaaa\n"
	if r := plugin(c).Do(t, "logs", "a"); r.Out != "" || r.Err != want {
		t.Errorf("%+v", r)
	}
}

func TestStatus(t *testing.T) {
	s := task("aaaaaaaa", "train", api.Failed, "node 1 failed", time.Hour)
	code := int32(137)
	s.NumNodes, s.Resources = 2, api.NodeResources{CPU: "2", Memory: "512Mi"}
	s.Diagnosis = &api.Diagnosis{Message: "node 1 out of memory (limit 512Mi)", Hint: "Ask for more\x1b[2J memory"}
	s.Nodes = []api.NodeStatus{{Rank: 0, State: api.NodeEnded}, {Rank: 1, State: api.NodeFailed, Pod: "p1", KubernetesNode: "m1", ExitCode: &code, Reason: "OOMKilled"}}
	s.Events = []api.Event{{Time: clitest.Ago(time.Minute), Type: "Warning", Reason: "Killed", Object: "pod/p1", Message: "a\nb", Count: 3}}
	c := &clitest.Client{Task: clitest.Tasks{OnGet: func(context.Context, string) (*api.TaskStatus, error) { return &s, nil }}}
	r := plugin(c).Do(t, "status", "a")
	for _, want := range []string{
		"Reason:      node 1 out of memory (limit 512Mi)\n",
		"Hint:        Ask for more\\x1b[2J memory\n",
		"Per node:    2 CPU, 512Mi memory\n",
		"  1      Failed   137    -          m1        p1    OOMKilled\n",
		"  60s (x3)   Warning   Killed   pod/p1   a b\n",
		"kubectl vast logs aaaaaaaa ",
		"kubectl vast delete aaaaaaaa ",
	} {
		if !strings.Contains(r.Out, want) {
			t.Errorf("lacks %q:\n%s", want, r.Out)
		}
	}
	if r := plugin(c).Do(t, "status", "a", "-o", "jsonpath={.diagnosis.message}"); r.Out != s.Diagnosis.Message {
		t.Errorf("jsonpath: %+v", r)
	}
}

func TestAuth(t *testing.T) {
	c := &clitest.Client{Who: func(context.Context) (identity.Identity, error) {
		return identity.Identity{}, &api.UnavailableError{Message: "cannot reach the cluster"}
	}}
	if r := plugin(c).Do(t, "auth", "whoami"); r.Code != cli.CodeUnavailable {
		t.Errorf("without a login and a cluster: %+v", r)
	}
	c.Who = func(context.Context) (identity.Identity, error) {
		return identity.Identity{User: "alice", Source: identity.SourceLogin, ClusterUser: "admin"}, nil
	}
	if r := plugin(c).Do(t, "auth", "whoami"); r.Out != "User:          alice\nSource:        login\nCluster user:  admin\n" {
		t.Errorf("whoami: %+v", r)
	}
	if r := plugin(c).Do(t, "auth", "whoami", "-o", "yaml"); !strings.Contains(r.Out, "user: alice\n") {
		t.Errorf("whoami -o yaml: %+v", r)
	}
	if r := plugin(nil).Do(t, "auth", "login", "bob"); r.Code != 0 || !strings.Contains(r.Out, "bob") {
		t.Errorf("login: %+v", r)
	}
}

func TestCompletionOfIDs(t *testing.T) {
	c := &clitest.Client{Task: clitest.Tasks{OnList: tasks}}
	r := plugin(c).Do(t, "__complete", "stop", "aaaaaaaa", "")
	if want := "bbbbbbbb\teval Succeeded\n:4\n"; r.Out != want {
		t.Errorf("got %q, want %q", r.Out, want)
	}
	if r := plugin(c).Do(t, "__complete", "list", "--state", "Fa"); !strings.Contains(r.Out, "Failed\n") {
		t.Errorf("states: %+v", r)
	}
}

func TestHelpNamesThePluginAsItIsTyped(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"submit", "--help"}, {"auth", "--help"}, {"options"}, {"help", "logs"}} {
		r := plugin(nil).Do(t, args...)
		if r.Code != 0 || r.Out == "" || r.Err != "" || strings.Contains(r.Out, "kubectl-vast ") {
			t.Errorf("%v: code %d, stderr %q, stdout:\n%s", args, r.Code, r.Err, r.Out)
		}
	}
	if r := plugin(nil).Do(t, "--help"); !strings.Contains(r.Out, cli.ExitStatus) {
		t.Error("the root help lacks the exit codes")
	}
}
