package cmd_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
	"github.com/kubevast/vast/sdk/api"
)

const nightly = `kind: Workflow
name: nightly
tasks:
  prepare: {run: echo}
  train:
    matrix: {rate: [1, 2]}
    depends: [prepare]
    retry: {count: 1, backoff: 1m, causes: [Evicted]}
    run: echo $rate
  deploy: {run: echo, depends: [train], approval: true}
  notify: {run: echo, depends: [{train: [on_failure]}]}
  cleanup: {run: echo, depends: [{deploy: always}]}
`

func workflowFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "workflow.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func planOf(t *testing.T, args ...string) (*api.WorkflowPlan, clitest.Result) {
	t.Helper()
	r := cmdtest.Plugin(nil).Do(t, append([]string{"plan", "-o", "json"}, args...)...)
	plan := &api.WorkflowPlan{}
	if r.Out != "" {
		if err := json.Unmarshal([]byte(r.Out), plan); err != nil {
			t.Fatalf("%v: %s", err, r.Out)
		}
	}
	return plan, r
}

func TestAPlanFollowsItsAssumptions(t *testing.T) {
	file := workflowFile(t, nightly)
	for args, want := range map[string]string{
		"":                                 "running/unknown: prepare=success train-1=success train-2=success deploy=notstarted+waiting notify=skipped cleanup=notstarted",
		"--approve=deploy":                 "finished/success: prepare=success train-1=success train-2=success deploy=success notify=skipped cleanup=success",
		"--reject=deploy":                  "finished/failed: prepare=success train-1=success train-2=success deploy=failed notify=skipped cleanup=success",
		"--outcome=train=failed":           "finished/failed: prepare=success train-1=failed train-2=failed deploy=skipped notify=success cleanup=success",
		"--outcome=train-1=failed":         "finished/failed: prepare=success train-1=failed train-2=success deploy=skipped notify=skipped cleanup=success",
		"--outcome=TRAIN-1=x":              "",
		"--stop-at=train":                  "finished/stopped: prepare=success train-1=stopped train-2=stopped deploy=skipped notify=skipped cleanup=success",
		"--outcome=prepare=timedout":       "finished/failed: prepare=failed train-1=skipped train-2=skipped deploy=skipped notify=skipped cleanup=success",
		"--outcome=prepare=stopped":        "finished/stopped: prepare=stopped train-1=skipped train-2=skipped deploy=skipped notify=skipped cleanup=success",
		"--slots=1 --approve=deploy":       "finished/success: prepare=success train-1=success train-2=success deploy=success notify=skipped cleanup=success",
		"--outcome=train-2=evicted":        "finished/failed: prepare=success train-1=success train-2=failed deploy=skipped notify=skipped cleanup=success",
		"--outcome=train=outofmemory":      "finished/failed: prepare=success train-1=failed train-2=failed deploy=skipped notify=success cleanup=success",
		"--outcome=prepare=cancelled":      "finished/stopped: prepare=cancelled train-1=skipped train-2=skipped deploy=skipped notify=skipped cleanup=success",
		"--outcome=cleanup=failed":         "running/unknown: prepare=success train-1=success train-2=success deploy=notstarted+waiting notify=skipped cleanup=notstarted",
		"--approve=deploy --reject=deploy": "",
	} {
		plan, r := planOf(t, append([]string{file}, strings.Fields(args)...)...)
		if want == "" {
			if r.Code != cli.CodeUsage || r.Out != "" || r.Err == "" {
				t.Errorf("%s: code %d, stdout %q, stderr %q", args, r.Code, r.Out, r.Err)
			}
			continue
		}
		var words []string
		for _, task := range plan.Details {
			words = append(words, task.Name+"="+task.Status)
			if plan.Tasks[task.Name] != task.Status {
				t.Errorf("%s: %s is %s and %s", args, task.Name, task.Status, plan.Tasks[task.Name])
			}
		}
		got := plan.Phase + "/" + plan.Result + ": " + strings.Join(words, " ")
		if r.Code != 0 || got != want {
			t.Errorf("%s: code %d, stderr %q\n%s, not\n%s", args, r.Code, r.Err, got, want)
		}
	}
}

func TestAPlanHasStepsAndAttempts(t *testing.T) {
	plan, _ := planOf(t, workflowFile(t, nightly), "--slots=1", "--outcome=train=Evicted")
	want := []api.PlannedTask{
		{Name: "prepare", Status: "success", Step: 1, Attempts: 1},
		{Name: "train-1", Status: "failed", Step: 2, Attempts: 2, Reason: "Evicted", Depends: map[string][]string{"prepare": {"on_success"}}},
	}
	if diff := cmp.Diff(want, plan.Details[:2]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"running/failed", "finished/failed"}, plan.Events); diff != "" {
		t.Errorf("events: -want +got:\n%s", diff)
	}
}

// TestThePlanOfEachCaseOfAgola writes each case as a file.
func TestThePlanOfEachCaseOfAgola(t *testing.T) {
	dir := os.Getenv("VAST_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared")
	}
	data, err := os.ReadFile(filepath.Join(dir, "conformance", "workflow.json"))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the cases are missing: %v", err)
		}
		t.Skipf("the cases are missing (set VAST_SHARED): %v", err)
	}
	type outcome struct {
		Phase, Result string
		Tasks         map[string]string
		Events        []string
	}
	var cases struct {
		Cases []struct {
			Name string
			outcome
			In struct {
				Tasks map[string]struct {
					Depends       map[string][]string
					Skip          bool
					IgnoreFailure bool `json:"ignore_failure"`
					NeedsApproval bool `json:"needs_approval"`
				}
				Outcome map[string]string
				Slots   int
				Approve []string `json:"approve_when_waiting"`
				StopAt  string   `json:"stop_when_started"`
			}
		}
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	// As in the test of package workflow, which has the reasons.
	changed := map[string]outcome{
		"nonroot-waiting-approval-holds-failed-run": {"finished", "failed", map[string]string{"a": "failed", "p": "cancelled", "x": "success"}, []string{"running/failed", "finished/failed"}},
		"empty-condition-list-is-string-empty":      {"setuperror", "unknown", nil, nil},
	}
	for _, c := range cases.Cases {
		type task map[string]any
		file := map[string]any{"kind": "Workflow", "name": c.Name, "tasks": map[string]task{}}
		for name, in := range c.In.Tasks {
			one := task{"run": "true"}
			var depends []any
			for _, parent := range slices.Sorted(maps.Keys(in.Depends)) {
				depends = append(depends, map[string]any{"task": parent, "conditions": in.Depends[parent]})
			}
			if depends != nil {
				one["depends"] = depends
			}
			if in.Skip {
				one["when"] = false
			}
			if in.IgnoreFailure {
				one["ignore_failure"] = true
			}
			if in.NeedsApproval {
				one["approval"] = true
			}
			file["tasks"].(map[string]task)[name] = one
		}
		text, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		args := []string{workflowFile(t, string(text)), fmt.Sprint("--slots=", c.In.Slots), "--stop-at=" + c.In.StopAt, "--approve=" + strings.Join(c.In.Approve, ",")}
		for task, outcome := range c.In.Outcome {
			args = append(args, "--outcome="+task+"="+outcome)
		}
		want, code := c.outcome, 0
		if other, ok := changed[c.Name]; ok {
			want = other
		}
		if want.Phase == "setuperror" {
			code = cli.CodeUsage
		}
		plan, r := planOf(t, args...)
		if r.Code != code {
			t.Errorf("%s: code %d, stderr %q", c.Name, r.Code, r.Err)
		}
		if diff := cmp.Diff(want, outcome{plan.Phase, plan.Result, plan.Tasks, plan.Events}); diff != "" {
			t.Errorf("%s: -want +got:\n%s", c.Name, diff)
		}
	}
}

func TestAFileWithProblemsIsAPlanWithASetupError(t *testing.T) {
	file := workflowFile(t, "kind: Workflow\nname: w\ntasks:\n  a: {run: x, depends: [b]}\n  b: {run: x, depends: [a, {c: on_sucess}]}\n")
	plan, r := planOf(t, file)
	if r.Code != cli.CodeUsage || plan.Phase != "setuperror" || plan.Result != "unknown" || len(plan.Errors) != strings.Count(r.Err, "\n") || len(plan.Errors) < 3 {
		t.Errorf("code %d, %+v, stderr %s", r.Code, plan, r.Err)
	}
	for _, format := range []string{"table", "dot", "mermaid"} {
		if r := cmdtest.Plugin(nil).Do(t, "plan", file, "-o", format); r.Code != cli.CodeUsage || r.Out != "" {
			t.Errorf("-o %s: code %d, stdout %q", format, r.Code, r.Out)
		}
	}
}

func TestThePlanAsATable(t *testing.T) {
	p := cmdtest.Plugin(nil)
	p.Terminal, p.Columns = true, 80
	const want = `TASK      STEP   STATUS       REASON
prepare   1      success
train-1   2      success
train-2   2      success
deploy           waiting      waits for 1 approval
notify           skipped      train-1 succeeded; requires on_failure
cleanup          notstarted   waits for deploy

Phase:    running
Result:   unknown
Tasks:    3 success, 1 waiting, 1 notstarted, 1 skipped
`
	file := workflowFile(t, nightly)
	for _, args := range [][]string{{"plan", file}, {"plan", file, "-o", "table"}} {
		if r := p.Do(t, args...); r.Code != 0 || cmp.Diff(want, r.Out) != "" {
			t.Errorf("code %d, stderr %q, -want +got:\n%s", r.Code, r.Err, cmp.Diff(want, r.Out))
		}
	}
}

func TestTheTableOfAPlanFitsTheTerminal(t *testing.T) {
	text := "kind: Workflow\nname: w\ntasks:\n"
	long := strings.Repeat("long-name-", 3)
	for i := range 12 {
		text += fmt.Sprintf("  %sparent-%02d: {run: echo}\n", long, i)
	}
	text += "  " + long + "last: {run: echo, depends: ["
	for i := range 12 {
		text += fmt.Sprintf("%sparent-%02d, ", long, i)
	}
	text += "], approval: true}\n  child: {run: echo, depends: [" + long + "last]}\n"
	file := workflowFile(t, text)
	for _, columns := range []int{60, 80, 132} {
		p := cmdtest.Plugin(nil)
		p.Terminal, p.Columns = true, columns
		r := p.Do(t, "plan", file, "--outcome="+long+"parent-03=failed")
		if r.Code != 0 || !strings.Contains(strings.Join(strings.Fields(r.Out), " "), "failed; requires on_success") {
			t.Errorf("code %d, stderr %s, stdout:\n%s", r.Code, r.Err, r.Out)
		}
		for line := range strings.Lines(r.Out) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > columns {
				t.Errorf("%d characters in %d columns: %s", n, columns, line)
			}
		}
	}
}

func TestThePlanAsAGraph(t *testing.T) {
	file := workflowFile(t, nightly)
	for format, want := range map[string][]string{
		"dot":     {`digraph "nightly" {`, `"deploy" [label="deploy\nwaits for approval"`, `"deploy" -> "cleanup" [label="always", style=dashed];`},
		"mermaid": {"flowchart LR\n", `["deploy<br/>waits for approval"]`, `-.->|"always"|`},
	} {
		r := cmdtest.Plugin(nil).Do(t, "plan", file, "-o", format)
		for _, w := range want {
			if r.Code != 0 || !strings.Contains(r.Out, w) {
				t.Errorf("-o %s: code %d, stderr %q lacks %q:\n%s", format, r.Code, r.Err, w, r.Out)
			}
		}
	}
}

func TestWrongUsageOfPlan(t *testing.T) {
	file := workflowFile(t, nightly)
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"no file":             {nil, []string{"a workflow file is missing: kubectl vast plan FILE"}},
		"two files":           {[]string{file, file}, []string{"unexpected argument"}},
		"a file that is none": {[]string{workflowFile(t, "run: echo\n")}, []string{`this is no workflow`}},
		"a missing file":      {[]string{"nowhere.yaml"}, []string{"nowhere.yaml: no such file"}},
		"a format":            {[]string{file, "-o", "name"}, []string{`"name" is no output format of this command; one of table, dot, mermaid, json`}},
		"all at once": {[]string{file, "--outcome=tran=failed", "--outcome=deploy=sucess", "--approve=x", "--reject=y", "--slots=-1", "--stop-at=z"}, []string{
			`--outcome: "tran" is no task of the workflow; did you mean "train"?`, `"sucess" is no outcome; one of success, failed`,
			`--approve: "x"`, `--reject: "y"`, `--slots: must be 0 or more`, `--stop-at: "z"`,
		}},
		"an outcome without a task": {[]string{file, "--outcome=failed"}, []string{`--outcome: "failed" must be NAME=VALUE`}},
		"stdin twice":               {[]string{"-", "--env-file=-"}, []string{"only once"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := cmdtest.Plugin(nil).Do(t, append([]string{"plan"}, c.args...)...)
			if r.Code != cli.CodeUsage || r.Out != "" {
				t.Errorf("code %d, stdout %q", r.Code, r.Out)
			}
			for _, want := range c.want {
				if !strings.Contains(r.Err, want) {
					t.Errorf("stderr lacks %q:\n%s", want, r.Err)
				}
			}
		})
	}
}

func TestTasksOfAPlanAreCompleted(t *testing.T) {
	file := workflowFile(t, nightly)
	for flag, want := range map[string]string{
		"--outcome": "deploy=\n:6\n", "--approve": "deploy\n:4\n", "--stop-at": "deploy\n:4\n",
	} {
		if r := cmdtest.Plugin(nil).Do(t, "__complete", "plan", file, flag, "de"); r.Out != want {
			t.Errorf("%s: %q, not %q", flag, r.Out, want)
		}
	}
	if r := cmdtest.Plugin(nil).Do(t, "__complete", "plan", file, "-o", "m"); !strings.Contains(r.Out, "mermaid\n") {
		t.Errorf("formats: %q", r.Out)
	}
}
