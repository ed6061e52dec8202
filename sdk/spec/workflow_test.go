package spec

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/workflow"
)

// readFrom is an Inputs.Read of these files.
func readFrom(files map[string]string) func(string, int) ([]byte, error) {
	return func(path string, _ int) ([]byte, error) {
		text, ok := files[path]
		if !ok {
			return nil, fmt.Errorf("the test has no file %s", path)
		}
		return []byte(text), nil
	}
}

func parseWorkflow(t *testing.T, text string, in Inputs) *Workflow {
	t.Helper()
	w, err := ParseWorkflow("wf.yaml", []byte(text), in)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

const everything = `kind: Workflow
name: nightly
env: {STAGE: prod, REGION: null}
runtime_env: [GIT_SHA]
on_failure: hold
concurrency: {group: deploy, policy: cancel-previous}
schedule:
  cron: "0 3 * * mon-fri"
  timeZone: Europe/Berlin
  concurrencyPolicy: forbid
  startingDeadlineSeconds: 200
webhook:
  url: https://example.com/hook
  secret: {name: hooks, key: signature}
event_callback: echo changed
tasks:
  build:
    run: make
    envs: {STAGE: dev}
    outputs: {paths: [/artifacts], env: [VERSION]}
    retry: {count: 2, backoff: 30s, causes: [NodeLost, evicted]}
    arch: [amd64, arm64]
  train:
    depends: [build]
    when: env.STAGE == "prod" && matrix.lr < 0.5
    matrix:
      lr: [0.1, 0.5]
      model: [Small, large]
      exclude: [{lr: 0.5, model: large}]
      include: [{lr: 1, model: huge}]
    max_parallel: 2
    timeout: 1h30m
    run: train
    inputs: {from: build, path: artifacts/}
  report:
    depends:
      - {train: [on_success, on_failure]}
    ignore_failure: true
    run: report
  share:
    depends:
      - task: report
        conditions: always
    approval: {required: 2, users: [a, b], allow_self: true}
    event_callback: echo shared
    run: share
`

func TestAWorkflowHasEverythingOfItsFile(t *testing.T) {
	w := parseWorkflow(t, everything, Inputs{Envs: map[string]string{"REGION": "eu"},
		Lookup: func(name string) (string, bool) { return "sha of " + name, true }})
	deadline := int64(200)
	want := Workflow{
		Path: "wf.yaml", Kind: KindWorkflow, Name: "nightly", Hold: true, EventCallback: "echo changed",
		Env:         []EnvVar{{"STAGE", "prod"}, {"REGION", "eu"}},
		RuntimeEnv:  []EnvVar{{"GIT_SHA", "sha of GIT_SHA"}},
		Concurrency: &concurrency{"deploy", "cancel-previous"},
		Schedule: &schedule{Cron: "0 3 * * mon-fri", TimeZone: "Europe/Berlin", ConcurrencyPolicy: "Forbid",
			StartingDeadlineSeconds: &deadline, SuccessfulRunsHistoryLimit: 10, FailedRunsHistoryLimit: 10},
		Webhooks: []webhook{{"https://example.com/hook", "hooks", "signature"}},
	}
	got := *w
	got.Tasks, got.Claims = nil, nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("workflow (-want,+got):\n%s", diff)
	}

	trains := []string{"train-0-1-small", "train-0-1-large", "train-0-5-small", "train-1-huge"}
	on := func(c workflow.Conditions, names ...string) (out []workflow.Dependency) {
		for _, name := range names {
			out = append(out, workflow.Dependency{Task: name, Conditions: c})
		}
		return out
	}
	train := func(i int, skip bool) workflow.Task {
		return workflow.Task{Name: trains[i], Skip: skip, Matrix: "train", MaxParallel: 2, Depends: on(workflow.OnSuccess, "build")}
	}
	graph := &workflow.Workflow{Name: "nightly", OnFailure: workflow.HoldWaiting, Tasks: []workflow.Task{
		{Name: "build", Retry: workflow.Retry{Count: 2, Backoff: 30 * time.Second, Causes: []string{"NodeLost", "Evicted"}}},
		train(0, false), train(1, false), train(2, true), train(3, true),
		{Name: "report", IgnoreFailure: true, Depends: on(workflow.OnSuccess|workflow.OnFailure, trains...)},
		{Name: "share", Depends: on(workflow.Always, "report"), Approval: &workflow.Approval{Required: 2, Users: []string{"a", "b"}, AllowSelf: true}},
	}}
	if diff := cmp.Diff(graph, w.Graph()); diff != "" {
		t.Errorf("graph (-want,+got):\n%s", diff)
	}

	build, second := w.Tasks[0], w.Tasks[2]
	if diff := cmp.Diff([]EnvVar{{"STAGE", "dev"}, {"GIT_SHA", "sha of GIT_SHA"}, {"REGION", "eu"}}, build.Task.Envs); diff != "" {
		t.Errorf("variables of build (-want,+got):\n%s", diff)
	}
	if diff := cmp.Diff([]EnvVar{{"GIT_SHA", "sha of GIT_SHA"}, {"REGION", "eu"}, {"STAGE", "prod"}, {"lr", "0.1"}, {"model", "large"}}, second.Task.Envs); diff != "" {
		t.Errorf("variables of train (-want,+got):\n%s", diff)
	}
	if diff := cmp.Diff([]EnvVar{{"lr", "0.1"}, {"model", "large"}}, second.Matrix); diff != "" {
		t.Errorf("matrix (-want,+got):\n%s", diff)
	}
	if diff := cmp.Diff([]taskInput{{From: "build", Path: "artifacts"}}, second.Inputs); diff != "" {
		t.Errorf("inputs (-want,+got):\n%s", diff)
	}
	switch {
	case build.Task.Name != "build" || second.Task.Name != trains[1]:
		t.Errorf("names %q, %q", build.Task.Name, second.Task.Name)
	case cmp.Diff([]string{"amd64", "arm64"}, build.Task.Arch) != "" || cmp.Diff([]string{"VERSION"}, build.OutputEnv) != "" ||
		cmp.Diff([]string{"/artifacts"}, build.Task.Outputs) != "" || cmp.Diff([]string{"GIT_SHA"}, build.RuntimeEnv) != "":
		t.Errorf("build: %+v", build)
	case second.Timeout != 90*time.Minute || second.When == "" || second.At != Position{23, 3}:
		t.Errorf("train: %+v", second)
	case w.Tasks[6].EventCallback != "echo shared" || w.Tasks[5].EventCallback != "":
		t.Errorf("callbacks %q, %q", w.Tasks[5].EventCallback, w.Tasks[6].EventCallback)
	}
}

func TestTheFormsOfDepends(t *testing.T) {
	a := workflow.Dependency{Task: "a", Conditions: workflow.OnSuccess}
	failed := workflow.Dependency{Task: "a", Conditions: workflow.OnFailure}
	tests := map[string]struct {
		depends string
		want    []workflow.Dependency
	}{
		"a name":                    {"[a]", []workflow.Dependency{a}},
		"a name without a list":     {"a", []workflow.Dependency{a}},
		"conditions of a name":      {"[{a: [on_failure]}]", []workflow.Dependency{failed}},
		"one condition":             {"[{a: on_failure}]", []workflow.Dependency{failed}},
		"a name with null":          {"[{a: null}]", []workflow.Dependency{a}},
		"the long form":             {"[{task: a, conditions: [on_failure]}]", []workflow.Dependency{failed}},
		"the long form alone":       {"{task: a}", []workflow.Dependency{a}},
		"without a list":            {"{a: [on_failure], task: [on_skipped]}", []workflow.Dependency{failed, {Task: "task", Conditions: workflow.OnSkipped}}},
		"a task of the name task":   {"[{task: [on_skipped]}]", []workflow.Dependency{{Task: "task", Conditions: workflow.OnSkipped}}},
		"the same with a condition": {"[{task: on_skipped}]", []workflow.Dependency{{Task: "task", Conditions: workflow.OnSkipped}}},
		"the same in the long form": {"[{task: task}]", []workflow.Dependency{{Task: "task", Conditions: workflow.OnSuccess}}},
		"several conditions":        {"[{a: [on_stopped, on_cancelled]}]", []workflow.Dependency{{Task: "a", Conditions: workflow.OnStopped | workflow.OnCancelled}}},
		"all conditions":            {"[{a: [always]}]", []workflow.Dependency{{Task: "a", Conditions: workflow.Always}}},
		"none":                      {"[]", nil},
		"several tasks":             {"[a, {task: [always]}]", []workflow.Dependency{a, {Task: "task", Conditions: workflow.Always}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := parseWorkflow(t, "kind: Workflow\ntasks:\n  b: {run: x, depends: "+tt.depends+"}\n  a: {run: x}\n  task: {run: x}\n", Inputs{})
			if diff := cmp.Diff(tt.want, w.Tasks[0].Graph.Depends); diff != "" {
				t.Errorf("depends (-want,+got):\n%s", diff)
			}
		})
	}
}

func TestTasksNameFiles(t *testing.T) {
	files := map[string]string{
		"dir/train.yaml": "name: other\nenvs: {A: null, B: file, C: file}\nrun: train\n",
		"dir/sweep.vast": "version: 1\nconfiguration:\n- name: c\n  parameters: [{p: 1}]\nexecution:\n  image: x\n  runs: 1\n  command: 'true'\n  env: [{A: null}, {B: file}]\n",
	}
	w, err := ParseWorkflow("dir/wf.yaml", []byte(lines("kind: Workflow", "env: {A: shared, B: shared}", "tasks:",
		"  t:", "    task: train.yaml", "    envs: {C: here}",
		"  c:", "    campaign: sweep.vast", "    depends: [t]", "    when: env.A == 'shared'")), Inputs{Read: readFrom(files), Envs: map[string]string{"D": "given"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]EnvVar{{"A", "shared"}, {"B", "file"}, {"C", "here"}, {"D", "given"}}, w.Tasks[0].Task.Envs); diff != "" {
		t.Errorf("variables of the task (-want,+got):\n%s", diff)
	}
	if got := w.Tasks[0].Task; got.Name != "t" || got.Run != "train" || got.Source.File != "dir/train.yaml" {
		t.Errorf("task %+v", got)
	}
	c := w.Tasks[1]
	if c.Task != nil || c.Campaign == nil || c.Campaign.Path != "dir/sweep.vast" || c.Graph.Skip {
		t.Fatalf("campaign %+v", c)
	}
	if diff := cmp.Diff([]EnvVar{{"A", "shared"}, {"B", "file"}, {"D", "given"}}, c.Campaign.Execution.Envs); diff != "" {
		t.Errorf("variables of the campaign (-want,+got):\n%s", diff)
	}
}

func TestTheFilesOfAWorkflowAreRecognized(t *testing.T) {
	tests := map[string]struct {
		path, text string
		want       bool
	}{
		"a workflow":              {"wf.yaml", "# nightly\nkind: Workflow\n", true},
		"a workflow below others": {"wf.yaml", "tasks: {}\nkind: \"Workflow\"\n", true},
		"a workflow in JSON":      {"wf.json", `{"name": "x", "kind": "Workflow"}`, true},
		"a pipeline":              {"p.yaml", "name: p\n---\nrun: x\n", true},
		"a pipeline's header":     {"p.yaml", "name: p\nexecution: serial\n", true},
		"a job group":             {"g.yaml", "---\nname: g\nexecution: parallel\n---\nname: a\n", true},
		"a task":                  {"t.yaml", "---\nrun: |\n  kind: Workflow\n---\n# end\n", false},
		"a campaign":              {"c.yaml", "version: 1\nconfiguration: []\nexecution: {}\n", false},
		"a campaign by its name":  {"c.vast", "a: 1\n---\nb: 1\n", false},
		"another kind":            {"job.yaml", "kind: Job\n", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := IsWorkflow(tt.path, []byte(tt.text)); got != tt.want {
				t.Errorf("IsWorkflow = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestTheNamesOfAMatrixAreUniqueLabels(t *testing.T) {
	long := strings.Repeat("x", 60)
	w := parseWorkflow(t, lines("kind: Workflow", "tasks:",
		"  t-a: {run: x}",
		"  t: {run: x, matrix: {v: [a, A, 'ä', "+long+", "+long+"y, -1, 1]}}"), Inputs{})
	seen := map[string]bool{}
	for _, task := range w.Tasks {
		name := task.Graph.Name
		if seen[name] || !nodeName.MatchString(name) || len(name) > maxNode {
			t.Errorf("name %q", name)
		}
		seen[name] = true
	}
	if len(w.Tasks) != 8 || !seen["t-1"] {
		t.Errorf("names %v", seen)
	}
}
