package spec

import (
	"errors"
	"testing"

	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/sdk/api"
)

func FuzzParseWorkflow(f *testing.F) {
	for _, s := range []string{
		everything,
		"kind: Workflow\ntasks: {a: {task: t.yaml, envs: {A: b}}, b: {campaign: c.vast, depends: a, when: env.A == 'b'}}\n",
		"kind: Workflow\ntasks: {a: &a {run: x, outputs: [/r]}, b: {<<: *a, depends: {a: null, c: always}}, c: {task: [1]}}\n",
		"kind: Workflow\nenv: {A: 1}\nruntime_env: {B: null, C: d}\ntasks: {a: {run: x, matrix: {n: [1, a, 1.5, true], m: [x], include: [{n: 2}], exclude: [{n: 1}]}}}\n",
		"kind: Workflow\ntasks: {a: {run: x, inputs: [{from: b, path: c}]}, b: {run: x, depends: [a, b, [c], {}, {task: a, conditions: [x]}]}}\n",
		"{\"kind\": \"Workflow\", \"tasks\": {\"a\": {\"run\": \"x\", \"approval\": {\"required\": 2, \"users\": [\"u\"]}}}}",
		"kind: Workflow\nschedule: '*/5 * * * 1-5'\nwebhook: [{url: http://h}]\nconcurrency: {group: g}\ntasks: {}\n",
		"name: p\n---\nrun: x\n---\nrun: y\n",
		"name: g\nexecution: parallel\nprimary_tasks: [a]\ntermination_delay: {default: 5s}\n---\nname: a\nrun: x\n---\nname: b\nrun: y\n",
	} {
		f.Add([]byte(s))
	}
	read := readFrom(map[string]string{"t.yaml": "envs: {A: null}\nrun: x\n", "c.vast": "version: 1\nconfiguration: [{name: c}]\nexecution: {image: x, runs: 1, command: x}\n"})
	f.Fuzz(func(t *testing.T, data []byte) {
		IsWorkflow("wf.yaml", data)
		w, err := ParseWorkflow("wf.yaml", data, Inputs{Envs: map[string]string{"E": "x"}, Read: func(path string, limit int) ([]byte, error) {
			text, err := read(path, limit)
			if err != nil {
				err = api.Invalid("", "%v", err)
			}
			return text, err
		}})
		if err != nil {
			var invalid *api.InvalidSpecError
			if !errors.As(err, &invalid) || len(invalid.Problems) == 0 || w != nil {
				t.Fatalf("error %#v with workflow %v", err, w)
			}
			for _, p := range invalid.Problems {
				if p.Message == "" || p.Line < 0 || p.Column < 0 {
					t.Fatalf("problem %+v", p)
				}
			}
			return
		}
		if problems := workflow.Problems(w.Graph()); len(problems) > 0 || len(w.Tasks) == 0 {
			t.Fatalf("problems %v of %+v", problems, w.Graph())
		}
		for _, task := range w.Tasks {
			if name := task.Graph.Name; !nodeName.MatchString(name) || len(name) > maxNode || (task.Task == nil) == (task.Campaign == nil) {
				t.Fatalf("task %+v", task)
			}
			if task.Task != nil {
				checkTask(t, task.Task)
			}
		}
	})
}
