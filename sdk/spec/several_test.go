package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPipelinesAndJobGroups(t *testing.T) {
	tests := map[string]struct {
		file  string
		in    Inputs
		kind  Kind
		name  string
		tasks []string
		lines []int
	}{
		"a pipeline with a header":          {"name: p\n---\nname: a\nrun: x\n---\nname: b\nrun: x\n", Inputs{}, KindPipeline, "p", []string{"a", "b"}, []int{3, 6}},
		"a pipeline with execution: serial": {"name: p\nexecution: serial\n---\nrun: x\n", Inputs{}, KindPipeline, "p", []string{""}, []int{4}},
		"a pipeline without a header":       {"name: a\nrun: x\n---\n---\nname: b\nrun: x\n", Inputs{}, KindPipeline, "", []string{"a", "b"}, []int{1, 5}},
		"a name of the command line":        {"name: p\n---\nname: a\nrun: x\n", Inputs{Name: "q"}, KindPipeline, "q", []string{"a"}, []int{3}},
		"one task behind a separator":       {"---\nname: a\nrun: x\n---\n", Inputs{}, KindTask, "", []string{"a"}, []int{2}},
		"a job group with everything":       {"name: g\nexecution: parallel\nprimary_tasks: [a]\ntermination_delay: {b: 5s, default: 1}\n---\nname: a\nrun: x\n---\nname: b\nrun: x\n", Inputs{}, KindJobGroup, "g", []string{"a", "b"}, []int{6, 9}},
		"a job group with a delay for all":  {"name: g\nexecution: parallel\ntermination_delay: 10s\n---\nname: a\nrun: x\n---\nname: b\nrun: x\n", Inputs{}, KindJobGroup, "g", []string{"a", "b"}, []int{5, 8}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, err := Parse("task.yaml", []byte(tt.file), tt.in)
			if err != nil {
				t.Fatal(err)
			}
			var tasks []string
			var first []int
			for _, task := range f.Tasks {
				tasks, first = append(tasks, task.Name), append(first, task.Source.Line)
			}
			if f.Kind != tt.kind || f.Name != tt.name {
				t.Errorf("%s %q, want %s %q", f.Kind, f.Name, tt.kind, tt.name)
			}
			if diff := cmp.Diff(tt.tasks, tasks); diff != "" {
				t.Errorf("tasks (-want,+got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.lines, first); diff != "" {
				t.Errorf("lines (-want,+got):\n%s", diff)
			}
		})
	}
}

func TestFieldsOfAGroupsHeaderThatAreUnknownAreIgnored(t *testing.T) {
	f, err := Parse("g.yaml", []byte("name: g\nexecution: parallel\nfuture: 1\n---\nname: a\nrun: x\n---\nname: b\nrun: x\n"), Inputs{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"[0].future"}, f.Ignored); diff != "" {
		t.Errorf("ignored (-want,+got):\n%s", diff)
	}
}

func TestInputsGoToAllTasks(t *testing.T) {
	f, err := Parse("p.yaml", []byte("envs: {A: null}\nrun: x\n---\nenvs: {A: b}\nrun: x\n"), Inputs{Envs: map[string]string{"A": "a"}, NumNodes: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range f.Tasks {
		if task.NumNodes != 2 || task.Envs[0].Value != "a" {
			t.Errorf("task %+v", task)
		}
	}
}

func TestWrongPipelinesAndJobGroupsAreRefused(t *testing.T) {
	tests := map[string]struct{ file, want string }{
		"problems of all tasks": {
			"name: p\n---\nrnu: x\nrun: x\n---\nenvs: {A: null}\nrun: x\n",
			lines(`task.yaml:3:1: [1].rnu: unknown field; did you mean "run"?`,
				`task.yaml:6:8: [2].envs.A: has no value (write "" in the file if it is to be empty) [Envs=A=... to set it]`),
		},
		"a header without tasks": {
			"name: p\nexecution: serial\n",
			`task.yaml:1:1: no task follows; a document with the tasks must stand behind "---"`,
		},
		"a way of execution that is none": {
			"name: p\nexecution: paralel\n---\nrun: x\n",
			`task.yaml:2:12: [0].execution: "paralel" is not one of serial, parallel; did you mean "parallel"?`,
		},
		"fields of a group in a pipeline": {
			"name: p\nexecution: serial\nprimary_tasks: [a]\n---\nrun: x\n",
			"task.yaml:3:1: [0].primary_tasks: belongs to a job group, that is to execution: parallel",
		},
		"a group that is none": {
			"execution: parallel\nprimary_tasks: [c]\ntermination_delay: {d: soon}\n---\nname: a.b\nrun: x\n",
			lines(`task.yaml:1:1: [0]: "name" is missing: a job group must have one`,
				`task.yaml:1:1: [0]: a job group has at least two tasks; this one has one`,
				`task.yaml:2:17: [0].primary_tasks[0]: "c" is no task of this job group`,
				`task.yaml:3:21: [0].termination_delay.d: is no task of this job group`,
				`task.yaml:3:24: [0].termination_delay.d: "soon" is not a duration; write minutes (30) or "30m", "2h", "1d"`,
				`task.yaml:5:7: [1].name: "a.b" becomes a host name in a job group: only letters, digits, "-" and "_" are allowed`),
		},
		"names in a group": {
			"name: g\nexecution: parallel\n---\nname: a\nrun: x\n---\nname: a\nrun: x\n---\nrun: x\n",
			lines(`task.yaml:7:7: [2].name: "a" is the name of another task of this job group`,
				`task.yaml:10:1: [3]: "name" is missing: each task of a job group must have one`),
		},
		"a volume among tasks": {
			"run: x\n---\nname: v\ntype: k8s-pvc\n",
			"task.yaml:3:1: [1].name: a volume must be in a file of its own",
		},
		"a document that is a list": {
			"run: x\n---\n- a\n",
			"task.yaml:3:1: [1]: a file must be a mapping of fields (name, resources, run ...), not a list",
		},
		"a service among tasks": {
			"run: x\n---\nservice: {}\n",
			"task.yaml:3:1: [1].service: services are not supported: a task runs to completion; use a Deployment and a Service for a server",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, problems(t, tt.file, Inputs{})); diff != "" {
				t.Errorf("problems (-want,+got):\n%s", diff)
			}
		})
	}
}
