package spec

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/workflow"
)

// chain is a pipeline of these tasks.
func chain(names ...string) (out []workflow.Task) {
	for i, name := range names {
		t := workflow.Task{Name: name}
		if i > 0 {
			t.Depends = []workflow.Dependency{{Task: names[i-1], Conditions: workflow.OnSuccess}}
		}
		out = append(out, t)
	}
	return out
}

// group is a job group of primary tasks, and of auxiliary ones with a delay.
func group(primary []string, delay time.Duration, auxiliary ...string) (out []workflow.Task) {
	for _, name := range auxiliary {
		out = append(out, workflow.Task{Name: name, Auxiliary: true, TerminationDelay: delay})
	}
	for _, name := range primary {
		out = append(out, workflow.Task{Name: name})
	}
	return out
}

func TestEveryPipelineAndJobGroupOfSkyPilotIsAWorkflow(t *testing.T) {
	want := map[string]workflow.Workflow{
		"examples/spot_pipeline/bert_qa_train_eval.yaml": {Name: "bert_qa", Tasks: chain("train", "eval")},
		"examples/spot_pipeline/multi_jobs.yaml":         {Name: "pipeline", Tasks: chain("train1", "train2", "eval1", "eval2")},
		"llm/rl-post-training-jobgroup/rlhf-math-jobgroup-cpu.yaml": {Name: "rlhf-math-cpu",
			Tasks: group([]string{"test-client"}, 5*time.Second, "data-server", "reward-server", "replay-buffer")},
		"llm/rl-post-training-jobgroup/rlhf-math-jobgroup.yaml": {Name: "rlhf-math",
			Tasks: group([]string{"ppo-trainer"}, 10*time.Second, "data-server", "rollout-server", "reward-server", "replay-buffer")},
		"tests/test_job_groups/test_job_group.yaml":     {Name: "test-job-group", Tasks: group([]string{"job-a", "job-b"}, 0)},
		"tests/test_yamls/failed_setup_pipeline.yaml":   {Name: "pipeline", Tasks: chain("a", "b", "eval1", "eval2")},
		"tests/test_yamls/pipeline_gcp.yaml":            {Name: "pipeline", Tasks: chain("a", "b", "eval1", "eval2")},
		"tests/test_yamls/test_managed_jobs_retry.yaml": {Tasks: chain("task-1", "task-2")},
	}
	got := map[string]workflow.Workflow{}
	for _, f := range corpus(t) {
		if is := IsWorkflow(f.path, f.data); is != (f.kind == "pipeline" || f.kind == "job-group") {
			t.Errorf("%s is a %s, but IsWorkflow = %v", f.path, f.kind, is)
		}
		if f.kind != "pipeline" && f.kind != "job-group" {
			continue
		}
		w, err := ParseWorkflow(f.path, f.data, inputsFor(f))
		if err != nil {
			t.Errorf("%s: refused:\n%v", f.path, err)
			continue
		}
		if problems := workflow.Problems(w.Graph()); len(problems) > 0 {
			t.Errorf("%s: problems %v", f.path, problems)
		}
		g := *w.Graph()
		g.OnFailure = ""
		got[f.path] = g
		for _, task := range w.Tasks {
			group := ""
			for _, v := range task.Task.Envs {
				if v.Name == groupVariable {
					group = v.Value
				}
			}
			if string(w.Kind) != f.kind || group != w.JobGroup || (group == "") != (f.kind == "pipeline") || task.Task.Name != task.Graph.Name {
				t.Errorf("%s: %s %q, task %q with group %q", f.path, w.Kind, w.JobGroup, task.Task.Name, group)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("graphs (-want,+got):\n%s", diff)
	}
}

func TestWhatPipelinesAndJobGroupsBecome(t *testing.T) {
	w := parseWorkflow(t, lines("name: My_Group", "execution: parallel", "primary_tasks: [Main]",
		"termination_delay: {default: 7, Log_1: 2m}", "---", "name: Main", "run: x", "event_callback: echo done", "---",
		"name: Log_1", "run: x", "---", "name: log-1", "run: x"), Inputs{Envs: map[string]string{"A": "b"}})
	want := []workflow.Task{
		{Name: "main"},
		{Name: "log-1", Auxiliary: true, TerminationDelay: 2 * time.Minute},
		{Name: "log-1-2", Auxiliary: true, TerminationDelay: 7 * time.Second},
	}
	if diff := cmp.Diff(want, w.Graph().Tasks); diff != "" {
		t.Errorf("tasks (-want,+got):\n%s", diff)
	}
	if w.Name != "My_Group" || w.JobGroup != "my-group" || w.Tasks[0].EventCallback != "echo done" || len(w.Tasks[0].Task.Ignored) > 0 {
		t.Errorf("%+v, %+v", w, w.Tasks[0].Task)
	}
	if diff := cmp.Diff([]EnvVar{{"A", "b"}, {groupVariable, "my-group"}}, w.Tasks[1].Task.Envs); diff != "" {
		t.Errorf("variables (-want,+got):\n%s", diff)
	}
	w = parseWorkflow(t, "name: p\n---\nrun: x\n---\nname: 1st\nrun: x\n", Inputs{Name: "given"})
	if w.Name != "given" || w.Tasks[0].Graph.Name != "task-1" || w.Tasks[1].Graph.Name != "t-1st" {
		t.Errorf("%q of %+v", w.Name, w.Graph())
	}
}

func TestWrongPipelinesAreRefusedAsWorkflows(t *testing.T) {
	got := workflowProblems(t, "name: p\n---\nname: i\n---\nrnu: x\nrun: x\n", Inputs{})
	want := lines(`wf.yaml:3:1: [1]: there is nothing to run: give a script as run, or as setup`,
		`wf.yaml:5:1: [2].rnu: unknown field; did you mean "run"?`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want,+got):\n%s", diff)
	}
}
