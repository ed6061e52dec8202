package spec

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

// workflowProblems parses a workflow that must be refused, and returns what was
// said.
func workflowProblems(t *testing.T, text string, in Inputs) string {
	t.Helper()
	w, err := ParseWorkflow("wf.yaml", []byte(text), in)
	if err == nil || w != nil {
		t.Fatalf("accepted, or returned with error %v: %+v", err, w)
	}
	var invalid *api.InvalidSpecError
	if !errors.As(err, &invalid) {
		t.Fatalf("error %#v, want an InvalidSpecError", err)
	}
	return said(err)
}

// wf is a workflow of these tasks.
func wf(tasks ...string) string {
	return "kind: Workflow\ntasks:\n  " + strings.Join(tasks, "\n  ") + "\n"
}

func TestWrongWorkflowsAreRefused(t *testing.T) {
	tens := "[1,2,3,4,5,6,7,8,9,10]"
	endless := "true"
	for _, v := range strings.Split("abcdefgh", "") {
		endless = tens + ".all(" + v + ", " + endless + ")"
	}
	tests := map[string]struct{ file, want string }{
		"an unknown condition": {
			wf("a: {run: x}", "b: {run: x, depends: [{a: [on_failed]}]}"),
			`wf.yaml:4:30: tasks.b.depends[0].a[0]: unknown condition "on_failed"; known are on_success, on_failure, on_skipped, on_stopped, on_cancelled, always; did you mean "on_failure"?`,
		},
		"a condition that is none": {
			wf("a: {run: x}", "b: {run: x, depends: [{task: a, conditions: [true]}]}"),
			`wf.yaml:4:48: tasks.b.depends[0].conditions[0]: must be text, not the boolean true; write it in quotes: "true"`,
		},
		"no condition": {
			wf("a: {run: x}", "b: {run: x, depends: [{a: []}]}"),
			`wf.yaml:4:29: tasks.b.depends[0].a: names no condition; known are on_success, on_failure, on_skipped, on_stopped, on_cancelled, always`,
		},
		"a condition twice": {
			wf("a: {run: x}", "b: {run: x, depends: [{a: [always, always]}]}"),
			`wf.yaml:4:38: tasks.b.depends[0].a[1]: "always" stands in the list twice`,
		},
		"an unknown task": {
			wf("train: {run: x}", "b: {run: x, depends: [trian]}"),
			`wf.yaml:4:25: tasks.b.depends[0]: "trian" is no task of this workflow; did you mean "train"?`,
		},
		"an unknown task with conditions": {
			wf("train: {run: x}", "b: {run: x, depends: [{eval: [always]}]}"),
			`wf.yaml:4:26: tasks.b.depends[0]: "eval" is no task of this workflow`,
		},
		"a cycle": {
			wf("a: {run: x, depends: [c]}", "b: {run: x, depends: [a]}", "c: {run: x, depends: [b]}", "d: {run: x, depends: [c]}"),
			`wf.yaml:3:25: tasks.a.depends[0]: the dependencies are a cycle: "a" -> "c" -> "b" -> "a"`,
		},
		"two cycles": {
			wf("a: {run: x, depends: [b]}", "b: {run: x, depends: [a]}", "c: {run: x, depends: [d, a]}", "d: {run: x, depends: [c]}"),
			lines(`wf.yaml:3:25: tasks.a.depends[0]: the dependencies are a cycle: "a" -> "b" -> "a"`,
				`wf.yaml:5:25: tasks.c.depends[0]: the dependencies are a cycle: "c" -> "d" -> "c"`),
		},
		"cycles that share a task": {
			wf("a: {run: x, depends: [b, c]}", "b: {run: x, depends: [a]}", "c: {run: x, depends: [a]}"),
			`wf.yaml:3:25: tasks.a.depends[0]: the dependencies are a cycle: each of "a", "b", "c" depends on all others`,
		},
		"a dependency on itself": {
			wf("a: {run: x, depends: [a]}"),
			`wf.yaml:3:25: tasks.a.depends[0]: task "a" depends on itself`,
		},
		"a dependency twice": {
			wf("a: {run: x}", "b: {run: x, depends: [a, {a: [on_failure]}]}"),
			`wf.yaml:4:29: tasks.b.depends[1]: task "b" depends on "a" twice; write all conditions into one entry`,
		},
		"a dependency that follows from another one": {
			wf("a: {run: x}", "b: {run: x, depends: [a]}", "c: {run: x, depends: [a, b]}"),
			`wf.yaml:5:25: tasks.c.depends[0]: task "c" and "b", which it depends on, both depend on "a"; omit this dependency, since the other one waits for that task too`,
		},
		"a name that is no label": {
			wf("Train_1: {run: x}"),
			`wf.yaml:3:3: tasks.Train_1: "Train_1" is not the name of a task: lower-case letters, digits and "-" are allowed, and a letter or digit at both ends`,
		},
		"a name that is a number": {
			wf("1: {run: x}"),
			`wf.yaml:3:3: tasks.1: a key must be text, not the number 1; write it in quotes`,
		},
		"a name that is too long": {
			wf(strings.Repeat("a", 41) + ": {run: x}"),
			`wf.yaml:3:3: tasks.` + strings.Repeat("a", 41) + `: "` + strings.Repeat("a", 41) + `" is too long a name: it has 41 characters, and 40 are allowed, since the names of pods begin with the run's id`,
		},
		"one output path": {
			wf("a: {run: x, outputs: [/results]}", "b: {run: x, outputs: [/model, /results/]}"),
			`wf.yaml:4:33: tasks.b.outputs[1]: "/results" is an output of task "a" too; two tasks cannot have the same one`,
		},
		"more approvals than users": {
			wf("a: {run: x, approval: {required: 3, users: [u, v]}}"),
			`wf.yaml:3:36: tasks.a.approval.required: 3 approvals are required, but only 2 users may approve`,
		},
		"an approval of nobody": {
			wf("a: {run: x, approval: {required: 0, users: [u, u], group: [g]}}"),
			lines(`wf.yaml:3:36: tasks.a.approval.required: must be a whole number, from 1 to 100, not 0`,
				`wf.yaml:3:50: tasks.a.approval.users[1]: "u" stands in the list twice`,
				`wf.yaml:3:54: tasks.a.approval.group: unknown field; did you mean "groups"?`),
		},
		"a condition that is no boolean": {
			wf("a: {run: x, when: env.A}", "b: {run: x, when: 3}", "c: {run: x, matrix: {n: [1]}, when: matrix.n}"),
			lines(`wf.yaml:3:21: tasks.a.when: "env.A" must be a boolean, but is of the type string`,
				`wf.yaml:4:21: tasks.b.when: must be true, false or an expression, not the number 3; write it in quotes: "3"`,
				`wf.yaml:5:39: tasks.c.when: "matrix.n" must be a boolean, but is of the type int`),
		},
		"a condition of an unknown variable": {
			wf("a: {run: x, when: envs.A == ''}", "b: {run: x, when: env.A == ''}"),
			lines(`wf.yaml:3:21: tasks.a.when: "envs.A == ''" is no expression: undeclared reference to 'envs' (in container ''), at its line 1, column 1`,
				`wf.yaml:4:21: tasks.b.when: "env.A == ''" cannot be evaluated: no such key: A`),
		},
		"a condition that never ends": {
			wf("a:", "  run: x", "  when: '"+endless+"'"),
			`wf.yaml:5:11: tasks.a.when: "[1,2,3,4,5,6,7,8,9,10].all(h, [1,2,3,4,5,6,7,8,9,10].all(g, ..." takes too long: its evaluation needs more than 100000 steps`,
		},
		"a campaign with a script": {
			wf("a: {campaign: sweep.vast, run: x, arch: amd64}"),
			lines(`wf.yaml:3:29: tasks.a.run: cannot stand beside "campaign"; it belongs into the file that is named there`,
				`wf.yaml:3:37: tasks.a.arch: has no meaning beside "campaign"`),
		},
		"a task file with a script": {
			wf("a: {task: t.yaml, run: x, resources: {cpus: 1}}"),
			lines(`wf.yaml:3:21: tasks.a.run: cannot stand beside "task"; it belongs into the file that is named there`,
				`wf.yaml:3:29: tasks.a.resources: cannot stand beside "task"; it belongs into the file that is named there`),
		},
		"a campaign and a task file": {
			wf("a: {campaign: sweep.vast, task: t.yaml}"),
			`wf.yaml:3:29: tasks.a.task: has no meaning beside "campaign"`,
		},
		"files with problems": {
			wf("a: {task: bad.yaml}", "b: {campaign: bad.vast}", "c: {task: pipe.yaml}", "d: {task: idle.yaml}", "e: {task: ''}", "f: {task: '-'}"),
			lines(`wf.yaml:5:13: tasks.c.task: "pipe.yaml" is no task file: a task of a workflow is a single task`,
				`wf.yaml:6:13: tasks.d.task: "idle.yaml": there is nothing to run: give a script as run, or as setup`,
				`wf.yaml:7:13: tasks.e.task: is empty; name a file`,
				`wf.yaml:8:13: tasks.f.task: "-" cannot be read here; name a file`,
				`bad.vast:1:1: "execution" is missing`,
				`bad.vast:2:16: configuration: must have at least 1 entries`,
				`bad.yaml:2:1: rnu: unknown field; did you mean "run"?`),
		},
		"inputs": {
			wf("a: {run: x}", "b: {run: x, inputs: [{from: a, path: m}, {from: b}, {from: c}, {path: x}]}", "c: {run: x, depends: [b], inputs: {from: b, path: ../x, as: y}}"),
			lines(`wf.yaml:4:31: tasks.b.inputs[0].from: task "b" does not depend on "a", so its outputs may not exist yet; add it to "depends"`,
				`wf.yaml:4:51: tasks.b.inputs[1].from: task "b" cannot have its own outputs as inputs`,
				`wf.yaml:4:62: tasks.b.inputs[2].from: task "b" does not depend on "c", so its outputs may not exist yet; add it to "depends"`,
				`wf.yaml:4:66: tasks.b.inputs[3]: "from" is missing`,
				`wf.yaml:5:53: tasks.c.inputs.path: "../x" is no path in the outputs: it cannot hold ".."`,
				`wf.yaml:5:59: tasks.c.inputs.as: unknown field; known are from, path, overwrite`),
		},
		"unknown fields": {
			"kind: Workflow\nnmae: n\ntask: {}\nenvs: {A: b}\ntasks:\n  a: {rnu: x, depnds: [b], image: y, run: x}\n",
			lines(`wf.yaml:2:1: nmae: unknown field; did you mean "name"?`,
				`wf.yaml:3:1: task: unknown field; did you mean "tasks"?`,
				`wf.yaml:4:1: envs: unknown field; the variables of all tasks are "env"`,
				`wf.yaml:6:7: tasks.a.rnu: unknown field; did you mean "run"?`,
				`wf.yaml:6:15: tasks.a.depnds: unknown field; did you mean "depends"?`,
				`wf.yaml:6:28: tasks.a.image: unknown field; the image goes into "resources.image_id"`),
		},
		"no tasks": {
			"kind: Workflow\ntasks: {}\n",
			"wf.yaml:2:8: tasks: the workflow has no task",
		},
		"tasks that are missing": {
			"kind: Workflow\n",
			`wf.yaml:1:1: "tasks" is missing`,
		},
		"tasks that are a list": {
			"kind: Workflow\ntasks: [{run: x}]\n",
			"wf.yaml:2:8: tasks: must be a mapping of names to tasks, not a list",
		},
		"a task that is none": {
			wf("a: x", "b: {}", "c: {run: ''}"),
			lines(`wf.yaml:3:6: tasks.a: must be a mapping of fields (run, depends ...), not the text "x"`,
				`wf.yaml:4:6: tasks.b: there is nothing to run: give a script as run, or as setup`,
				`wf.yaml:5:12: tasks.c.run: there is nothing to run: the script is empty`),
		},
		"two documents": {
			"kind: Workflow\ntasks: {a: {run: x}}\n---\nrun: x\n",
			"wf.yaml:4:1: [1]: a workflow is one document; give this one a file of its own",
		},
		"a task": {
			"run: x\n",
			`wf.yaml:1:1: this is no workflow: a workflow begins with "kind: Workflow"`,
		},
		"settings": {
			lines("kind: Workflow", "name: a..", "on_failure: retry", "concurrency: {policy: fifo}",
				"schedule: 0 25 * * *", "webhook: {url: 'https://u:secret@h/x', secret: {name: A_b}}", "tasks: {a: {run: x}}"),
			lines(`wf.yaml:2:7: name: "a.." is not a name: letters and digits are allowed, and one or two of ".", "_", "-" between them`,
				`wf.yaml:3:13: on_failure: "retry" is not one of cancel, hold`,
				`wf.yaml:4:14: concurrency: "group" is missing`,
				`wf.yaml:4:23: concurrency.policy: "fifo" is not one of queue, cancel-previous, reject`,
				`wf.yaml:5:11: schedule: "0 25 * * *" is no cron expression: hour: "25" is not from 0 to 23`,
				`wf.yaml:6:16: webhook.url: holds credentials; requests are signed with the key of a Secret that "secret" names`,
				`wf.yaml:6:48: webhook.secret: "key" is missing`,
				`wf.yaml:6:55: webhook.secret.name: "A_b" is not the name of a Secret`),
		},
		"a schedule": {
			"kind: Workflow\nschedule: {cron: '@dayly', timeZone: local, concurrencyPolicy: Skip, startingDeadlineSeconds: -1}\ntasks: {a: {run: x}}\n",
			lines(`wf.yaml:2:18: schedule.cron: "@dayly" is no cron expression: known words are @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly and @every`,
				`wf.yaml:2:38: schedule.timeZone: "local" is no time zone; write one of the tz database, for example "Europe/Berlin" or "Etc/UTC"`,
				`wf.yaml:2:64: schedule.concurrencyPolicy: "Skip" is not one of Allow, Forbid, Replace`,
				`wf.yaml:2:95: schedule.startingDeadlineSeconds: must be a whole number, at least 0, not -1`),
		},
		"a task's settings": {
			wf("a: {run: x, timeout: 90, arch: [x86_64, amd46], retry: {count: 0, causes: [Stopped]}, max_parallel: 2}"),
			lines(`wf.yaml:3:24: tasks.a.timeout: "90" is not a length of time; write it with a unit: "90s", "30m", "1h30m" or "2d"`,
				`wf.yaml:3:35: tasks.a.arch[0]: "x86_64" is called "amd64" here`,
				`wf.yaml:3:43: tasks.a.arch[1]: "amd46" is not one of amd64, arm64, arm, ppc64le, riscv64, s390x; did you mean "amd64"?`,
				`wf.yaml:3:66: tasks.a.retry.count: must be a whole number, from 1 to 100, not 0`,
				`wf.yaml:3:78: tasks.a.retry.causes[0]: "Stopped" is not one of OutOfMemory, Exit, Signal, SetupFailed, NodesMissing, Inputs, ImageNotFound, ImagePull, InvalidImage, SecretMissing, VolumeMissing, ContainerConfig, Quota, CreateFailed, Evicted, NodeLost, Deadline, Deleted, Unknown`,
				`wf.yaml:3:89: tasks.a.max_parallel: has no meaning without "matrix"`),
		},
		"a retry without causes": {
			wf("a: {run: x, retry: {count: 3}}", "b: {run: x, retry: 3}"),
			lines(`wf.yaml:3:22: tasks.a.retry: "causes" is missing`, `wf.yaml:4:22: tasks.b.retry: must be a mapping, not the number 3`),
		},
		"a matrix": {
			wf("a: {run: x, matrix: {lr: 3, max_parallel: 2, A-B: [1], n: [1, 1, null, []], exclude: [{n: 7}], include: [{n: 1}, {}]}}", "b: {run: x, matrix: {}}"),
			lines(`wf.yaml:3:28: tasks.a.matrix.lr: must be a list of values`,
				`wf.yaml:3:31: tasks.a.matrix.max_parallel: belongs beside "matrix", not into it`,
				`wf.yaml:3:48: tasks.a.matrix.A-B: is not a variable's name: letters, digits and "_" are allowed, and the first is no digit`,
				`wf.yaml:3:65: tasks.a.matrix.n[1]: "1" stands in the list twice`,
				`wf.yaml:3:68: tasks.a.matrix.n[2]: must be one value, not empty`,
				`wf.yaml:3:74: tasks.a.matrix.n[3]: must be one value, not a list`,
				`wf.yaml:3:89: tasks.a.matrix.exclude[0]: excludes nothing: no combination has these values`,
				`wf.yaml:3:108: tasks.a.matrix.include[0]: is a combination of the matrix already`,
				`wf.yaml:3:116: tasks.a.matrix.include[1]: must be a mapping of variables to values`,
				`wf.yaml:4:23: tasks.b.matrix: the matrix has no combination`),
		},
		"a matrix that is too large": {
			wf("a: {run: x, matrix: {" + "a: " + list(101) + ", b: " + list(100) + "}}"),
			"wf.yaml:2:1: tasks: the workflow has 10001 tasks; at most 10000 are allowed",
		},
		"matrices that depend on each other": {
			wf("a: {run: x, matrix: {n: "+list(500)+"}}", "b: {run: x, depends: [a], matrix: {n: "+list(500)+"}}"),
			"wf.yaml:4:25: tasks.b.depends[0]: the tasks have more than 200000 dependencies, those of matrices counted one by one",
		},
		"variables": {
			"kind: Workflow\nenv: {A: null, B: x}\nruntime_env: [B, C, '1']\ntasks: {a: {run: x}}\n",
			lines(`wf.yaml:2:7: env.A: has no value (write "" in the file if it is to be empty) [Envs=A=... to set it]`,
				`wf.yaml:3:15: runtime_env[0]: B stands on line 2 already`,
				`wf.yaml:3:18: runtime_env[1]: C is not set in your environment [Envs=C=... to set it]`,
				`wf.yaml:3:21: runtime_env[2]: must be the name of a variable, not the text "1"`),
		},
		"outputs": {
			wf("a: {run: x, outputs: {paths: [/etc], env: [A, A, B-C], all: 1}}"),
			lines(`wf.yaml:3:33: tasks.a.outputs.paths[0]: "/etc" belongs to the system, and an output is a new, empty folder; choose another one, for example /results`,
				`wf.yaml:3:49: tasks.a.outputs.env[1]: "A" stands in the list twice`,
				`wf.yaml:3:52: tasks.a.outputs.env[2]: "B-C" is not a variable's name: letters, digits and "_" are allowed, and the first is no digit`,
				`wf.yaml:3:58: tasks.a.outputs.all: unknown field; known are paths, env`),
		},
	}
	files := map[string]string{
		"bad.yaml": "run: x\nrnu: x\n", "pipe.yaml": "run: x\n---\nrun: y\n", "idle.yaml": "name: i\n", "t.yaml": "run: x\n",
		"bad.vast": "version: 1\nconfiguration: []\n", "sweep.vast": "version: 1\n",
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, workflowProblems(t, tt.file, Inputs{Read: readFrom(files)})); diff != "" {
				t.Errorf("problems (-want,+got):\n%s", diff)
			}
		})
	}
}

// list is a list of n numbers.
func list(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ",%d", i)
	}
	return "[" + b.String()[1:] + "]"
}

func TestAVariableOfAMatrixCannotBeGiven(t *testing.T) {
	got := workflowProblems(t, wf("a: {run: x, matrix: {lr: [1, 2]}}"), Inputs{Envs: map[string]string{"lr": "3"}})
	if want := `Envs: lr is a variable of the matrix of task "a" and cannot be given`; got != want {
		t.Errorf("problems %q, want %q", got, want)
	}
}

func TestALongCycleIsOneProblemOfBoundedLength(t *testing.T) {
	var tasks []string
	for i := range 1000 {
		tasks = append(tasks, fmt.Sprintf("t%d: {run: x, depends: [t%d]}", i, (i+1)%1000))
	}
	got := workflowProblems(t, wf(tasks...), Inputs{})
	if strings.Contains(got, "\n") || len(got) > 500 || !strings.HasPrefix(got, `wf.yaml:3:26: tasks.t0.depends[0]: the dependencies are a cycle: "t0" -> "t1" -> `) ||
		!strings.HasSuffix(got, `"t19" -> 980 more tasks -> "t0"`) {
		t.Errorf("problems:\n%s", got)
	}
}

func TestTooManyTasksAreOneProblemWithoutParsingThem(t *testing.T) {
	var block, flow strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&block, "  t%d:\n    # a comment\n    run: |\n      echo x\n      a: b\n", i)
		fmt.Fprintf(&flow, `, "t%d": {"run": "echo x: y"}`, i)
	}
	tests := map[string]struct{ file, want string }{
		"in blocks":      {"kind: Workflow\ntasks:\n" + block.String() + "on_failure: hold\n", "wf.yaml:2:1"},
		"in braces":      {"kind: Workflow\ntasks: {" + flow.String()[2:] + "}\n", "wf.yaml:2:1"},
		"in JSON":        {`{"kind": "Workflow", "tasks": {` + flow.String()[2:] + "}}", "wf.yaml:1:22"},
		"with few names": {"kind: Workflow\nname: x\ntasks: # all of them\n\n" + block.String(), "wf.yaml:3:1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got := workflowProblems(t, tt.file, Inputs{})
			runtime.ReadMemStats(&after)
			if want := tt.want + ": tasks: the workflow has 100000 tasks; at most 10000 are allowed"; got != want {
				t.Errorf("problems %q, want %q", got, want)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20+uint64(len(tt.file)) {
				t.Errorf("%d MiB were allocated", used>>20)
			}
		})
	}
}

func TestAliasesThatExplodeAreRefused(t *testing.T) {
	var b strings.Builder
	b.WriteString("kind: Workflow\nx: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n")
	for i := range 9 {
		fmt.Fprintf(&b, "x%d: &a%d [%s]\n", i, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 9), ", "))
	}
	b.WriteString("tasks: {a: {run: x}}\n")
	got := workflowProblems(t, b.String(), Inputs{})
	if want := "wf.yaml: the aliases of this file stand for more than 200000 values"; got != want {
		t.Errorf("problems %q, want %q", got, want)
	}
}

func TestTheLargestWorkflowIsRead(t *testing.T) {
	var b strings.Builder
	b.WriteString("kind: Workflow\ntasks:\n  t0: {run: x}\n")
	for i := 1; i < maxWorkflowTasks; i++ {
		fmt.Fprintf(&b, "  t%d: {run: x, depends: [t%d], when: 'env.A == \"a\"', envs: {A: a}}\n", i, (i-1)/2)
	}
	w, err := ParseWorkflow("wf.yaml", []byte(b.String()), Inputs{})
	if err != nil || len(w.Tasks) != maxWorkflowTasks {
		t.Fatalf("error %v", err)
	}
}

func TestFilesThatTasksNameAreLimitedTogether(t *testing.T) {
	large := "run: |\n  x\n# " + strings.Repeat("x", MaxBytes-100) + "\n"
	var tasks []string
	for i := range 18 {
		tasks = append(tasks, fmt.Sprintf("t%d: {task: large.yaml}", i))
	}
	got := workflowProblems(t, wf(tasks...), Inputs{Read: readFrom(map[string]string{"large.yaml": large})})
	if !strings.Contains(got, "at most 16 MiB are allowed, each file counted as often as it is named") {
		t.Errorf("problems:\n%s", got)
	}
}

func TestAFileThatCannotBeReadForAnotherReasonIsThatError(t *testing.T) {
	cause := &api.UnavailableError{}
	_, err := ParseWorkflow("wf.yaml", []byte(wf("a: {task: t.yaml}")), Inputs{Read: func(string, int) ([]byte, error) { return nil, cause }})
	if !errors.Is(err, cause) {
		t.Errorf("error %v", err)
	}
}
