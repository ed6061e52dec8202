package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/kubevast/vast/sdk/api"
)

func TestATaskCanBeLookedAtInEveryForm(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	id := p.submit("name: Shown\nresources: {cpus: 0.1, memory: 64Mi}\nrun: echo hello\n")
	p.vast("wait", id).exits(0).shows("task.kubevast.io/shown-" + id + " succeeded")
	job := "shown-" + id

	for name, ref := range map[string]string{"its id": id, "the beginning of its id": id[:4], "its Job's name": job, "@latest": "@latest"} {
		t.Run("by "+name, func(t *testing.T) {
			if s := p.in(t).status(ref); s.ID != id {
				t.Errorf("status %s is of task %s, want %s", ref, s.ID, id)
			}
		})
	}
	t.Run("as JSON and YAML alike", func(t *testing.T) {
		p := p.in(t)
		var fromJSON, fromYAML api.TaskStatus
		if err := json.Unmarshal([]byte(p.vast("status", id, "-o", "json").exits(0).stdout), &fromJSON); err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal([]byte(p.vast("status", id, "-o", "yaml").exits(0).stdout), &fromYAML); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(fromJSON, fromYAML); diff != "" {
			t.Errorf("JSON and YAML differ (-json +yaml):\n%s", diff)
		}
		s := fromJSON
		if s.Kind != "Task" || s.Name != job || s.TaskName != "Shown" || s.State != api.Succeeded || s.User == "" ||
			s.Resources != (api.NodeResources{CPU: "100m", Memory: "64Mi"}) || s.StartTime == nil || s.EndTime == nil || s.Diagnosis != nil {
			t.Errorf("the task is %+v", s)
		}
		if len(s.Nodes) != 1 || s.Nodes[0].State != api.NodeSucceeded || s.Nodes[0].ExitCode == nil || *s.Nodes[0].ExitCode != 0 || s.Nodes[0].KubernetesNode == "" {
			t.Errorf("its nodes are %+v", s.Nodes)
		}
		if len(s.Events) == 0 {
			t.Error("it has no events")
		}
	})
	for _, form := range []struct{ format, of, want string }{
		{"name", "status", "task.kubevast.io/" + job + "\n"},
		{"name", "list", "task.kubevast.io/" + job + "\n"},
		{"jsonpath={.id} {.state}", "status", id + " Succeeded"},
		{"jsonpath={.items[*].id}", "list", id},
		{"go-template={{range .items}}{{.taskName}}{{end}}", "list", "Shown"},
		{"custom-columns=ID:.id,NODES:.numNodes", "list", "ID         NODES\n" + id + "   1\n"},
	} {
		t.Run(form.of+" -o "+form.format, func(t *testing.T) {
			args := []string{form.of, "-o", form.format}
			if form.of == "status" {
				args = append(args, id)
			}
			if got := p.in(t).vast(args...).exits(0).stdout; got != form.want {
				t.Errorf("prints %q, want %q", got, form.want)
			}
		})
	}
	t.Run("as a table", func(t *testing.T) {
		p := p.in(t)
		for _, c := range []struct {
			args  []string
			heads string
			cells []string
		}{
			{nil, "ID NAME STATE NODES AGE REASON", []string{id, "Shown", "Succeeded", "1"}},
			{[]string{"-o", "wide"}, "ID NAME STATE NODES AGE DURATION PROGRESS USER QUEUE IMAGE JOB REASON", []string{"python:3.13-slim", job}},
			{[]string{"--all-users", "-A"}, "NAMESPACE ID NAME STATE NODES AGE USER REASON", []string{p.namespace}},
		} {
			head, rows, _ := strings.Cut(p.vast(append([]string{"list"}, c.args...)...).exits(0).stdout, "\n")
			if got := strings.Join(strings.Fields(head), " "); got != c.heads {
				t.Errorf("list %v has the columns %s, want %s", c.args, got, c.heads)
			}
			for _, cell := range c.cells {
				if !strings.Contains(rows, cell) {
					t.Errorf("list %v does not show %q:\n%s", c.args, cell, rows)
				}
			}
		}
		if got := p.vast("list", "--no-headers").exits(0).stdout; strings.Contains(got, "STATE") {
			t.Errorf("--no-headers shows headers:\n%s", got)
		}
	})
	t.Run("for people", func(t *testing.T) {
		p.in(t).vast("status", id).exits(0).shows("State:       Succeeded", "Nodes:\n", "Events:\n", "How to go on:", "kubectl vast delete "+id)
	})
	t.Run("only if asked for", func(t *testing.T) {
		p := p.in(t)
		for _, c := range []struct {
			args []string
			want int
		}{
			{[]string{"--state", "succeeded"}, 1}, {[]string{"--state", "failed,running"}, 0},
			{[]string{"-l", "kubevast.io/task-name=Shown"}, 1}, {[]string{"-l", "kubevast.io/task-name=Other"}, 0},
		} {
			if got := len(p.list(c.args...)); got != c.want {
				t.Errorf("list %v: %d tasks, want %d", c.args, got, c.want)
			}
		}
		p.env = append(p.env, "VAST_CONFIG_DIR="+p.dir)
		p.vast("auth", "login", "somebody else").exits(0)
		if got := len(p.list()); got != 0 {
			t.Errorf("somebody else's list shows %d tasks", got)
		}
		if got := len(p.list("--all-users")); got != 1 {
			t.Errorf("--all-users shows %d tasks, want 1", got)
		}
	})
	t.Run("not if there is none", func(t *testing.T) {
		p := p.in(t)
		for _, args := range [][]string{{"status", "zzzzzzzz"}, {"logs", "no-such-task"}, {"stop", "zzzzzzzz"}, {"delete", "zzzzzzzz"}, {"wait", "zzzzzzzz"}} {
			p.vast(args...).exits(3).prints("error: task \"" + args[1] + "\" not found in namespace \"" + p.namespace + "\"")
		}
	})
}

func TestLogsCanBeReadAfterwardsInParts(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	id := p.submit("run: for i in 1 2 3 4 5; do echo line $i; done\n")
	p.vast("wait", id).exits(0)
	all := "line 1\nline 2\nline 3\nline 4\nline 5\n"
	for _, c := range []struct {
		name, want string
		args       []string
	}{
		{"all", all, nil},
		{"following a task that has ended", all, []string{"-f"}},
		{"the last two", "line 4\nline 5\n", []string{"--tail", "2"}},
		{"none", "", []string{"--tail", "0"}},
		{"more than there are", all, []string{"--tail", "100"}},
		{"the last hour", all, []string{"--since", "1h"}},
		{"node 0", all, []string{"--node", "0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := p.in(t).vast(append([]string{"logs", id}, c.args...)...).exits(0).stdout; got != c.want {
				t.Errorf("logs %v: %q, want %q", c.args, got, c.want)
			}
		})
	}
	t.Run("with timestamps", func(t *testing.T) {
		got := ""
		for line := range strings.Lines(p.in(t).vast("logs", id, "--timestamps").exits(0).stdout) {
			stamp, text, _ := strings.Cut(line, " ")
			if _, err := time.Parse(time.RFC3339Nano, stamp); err != nil {
				t.Errorf("line %q: %v", line, err)
			}
			got += text
		}
		if got != all {
			t.Errorf("behind the timestamps stands %q", got)
		}
	})
	t.Run("nothing of the last second once it is over", func(t *testing.T) {
		p := p.in(t)
		p.waitFor("logs --since=1s shows nothing", func() (bool, any) {
			got := p.vast("logs", id, "--since", "1s").exits(0).stdout
			return got == "", got
		})
	})
	t.Run("not of a node that it has not", func(t *testing.T) {
		p.in(t).vast("logs", id, "--node", "1").exits(2).prints("--node=1", "the nodes 0 to 0")
	})
}

func TestLeavingTheLogsLeavesTheTaskRunning(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	follow := p.start("kubectl-vast", nil, "submit", p.file("task.yaml", "run: echo started; sleep 1000\n"))
	p.waitFor("the first line", func() (bool, any) {
		return strings.Contains(follow.stdout.String(), "\nstarted\n"), follow.stderr.String()
	})
	follow.interrupt()
	r := follow.wait().exits(130)
	id := r.id()
	r.prints("Detached; task "+id+" continues.", "kubectl vast logs "+id+" -f", "kubectl vast stop "+id)
	if s := p.status(id); s.State != api.Running {
		t.Errorf("the task is %s (%s), want Running", s.State, s.Reason)
	}
}
