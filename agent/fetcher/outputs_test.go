package fetcher_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/agent/fetcher"
	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/store"
)

func TestOutputsOfTasksAreFetched(t *testing.T) {
	s, err := store.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for key, text := range map[string]string{
		"tasks/id-a/0/data/x.txt": "x", "tasks/id-a/0/data/y.txt": "y", "tasks/id-a/0/data.txt": "other", "tasks/id-a/1/rank1.txt": "1",
		"tasks/id-a/0/_vast/manifest.json": "{}", "tasks/id-a/refs/run1": "", "tasks/id-b/0/data/x.txt": "of b",
		"tasks/id-a/0/outputs.env": "# comment\nROWS=it's $5 `id`\nOTHER=no\nROWS2=2\n", "tasks/id-b/0/outputs.env": "ROWS=other\n",
		"campaigns/c-1/record.json": "{}", "campaigns/c-1/_config/sweep.vast": "", "campaigns/c-1/_jobs/j/0/log.txt": "", "campaigns/c-1/one/0/_vast/manifest.json": "{}",
		"campaigns/c-1/one/0/out/x.txt": "0", "campaigns/c-1/one/1/out/x.txt": "1", "campaigns/c-1/two/0/y.txt": "y",
	} {
		if _, err := s.Put(t.Context(), key, strings.NewReader(text), int64(len(text)), store.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	a, b := agentspec.Outputs{Task: "id-a", Name: "a"}, agentspec.Outputs{Task: "id-b", Name: "b"}
	campaign := agentspec.Outputs{Task: "c-1", Campaign: true, Name: "sweep"}
	with := func(o agentspec.Outputs, change func(*agentspec.Outputs)) agentspec.Outputs { change(&o); return o }
	path := func(p string) func(*agentspec.Outputs) { return func(o *agentspec.Outputs) { o.Path = p } }
	over := func(o *agentspec.Outputs) { o.Overwrite = true }
	env := func(names ...string) func(*agentspec.Outputs) { return func(o *agentspec.Outputs) { o.Env = names } }
	for name, c := range map[string]struct {
		outputs []agentspec.Outputs
		want    map[string]string
		err     string
	}{
		"all of a task":                       {[]agentspec.Outputs{a}, map[string]string{"data/x.txt": "x", "data/y.txt": "y", "data.txt": "other", "rank1.txt": "1"}, ""},
		"a folder":                            {[]agentspec.Outputs{with(a, path("data"))}, map[string]string{"data/x.txt": "x", "data/y.txt": "y"}, ""},
		"a file":                              {[]agentspec.Outputs{with(a, path("/data.txt"))}, map[string]string{"data.txt": "other"}, ""},
		"a path that does not exist":          {[]agentspec.Outputs{with(a, path("dat"))}, nil, `task "a" has saved no outputs "dat"`},
		"two tasks with one file":             {[]agentspec.Outputs{with(a, path("data")), b}, nil, `the file "data/x.txt" is in the outputs of task "a" and of "b"`},
		"the second one replaces":             {[]agentspec.Outputs{with(a, path("data")), with(b, over)}, map[string]string{"data/x.txt": "of b", "data/y.txt": "y"}, ""},
		"a task without an attempt":           {[]agentspec.Outputs{{Name: "c"}}, map[string]string{}, ""},
		"a path of a task without an attempt": {[]agentspec.Outputs{{Name: "c", Path: "p"}}, nil, `task "c" has not executed`},
		"all runs of a campaign":              {[]agentspec.Outputs{campaign}, map[string]string{"one/0/out/x.txt": "0", "one/1/out/x.txt": "1", "two/0/y.txt": "y"}, ""},
		"a run of a campaign":                 {[]agentspec.Outputs{with(campaign, path("one/1"))}, map[string]string{"one/1/out/x.txt": "1"}, ""},
		"what a campaign does not have":       {[]agentspec.Outputs{with(campaign, path("three"))}, nil, `task "sweep" has saved no outputs "three"`},
		"variables of a campaign":             {[]agentspec.Outputs{with(campaign, env("ROWS"))}, map[string]string{"env": "||"}, ""},
		"variables":                           {[]agentspec.Outputs{with(a, env("ROWS", "ROWS2"))}, map[string]string{"env": "it's $5 `id`|2|"}, ""},
		"variables with different values":     {[]agentspec.Outputs{with(a, env("ROWS")), with(b, env("ROWS"))}, nil, `the variable "ROWS" has different values from task "a" and from "b"`},
		"variables of a task without them":    {[]agentspec.Outputs{{Name: "c", Env: []string{"ROWS"}}}, map[string]string{"env": "||"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			order := agentspec.Fetch{}
			for _, o := range c.outputs {
				to := dir
				if len(o.Env) > 0 {
					to = filepath.Join(dir, "env")
				}
				order.Items = append(order.Items, agentspec.Item{Outputs: &o, To: to})
			}
			f := &fetcher.Fetcher{Store: func() (store.Backend, error) { return s, nil }}
			err := f.Fetch(t.Context(), order)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			err = filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				text, err := os.ReadFile(p)
				name, _ := filepath.Rel(dir, p)
				if got[name] = string(text); name == "env" {
					out, err := exec.Command("sh", "-c", `. "$0"; printf '%s|%s|%s' "$ROWS" "$ROWS2" "$OTHER"`, p).Output()
					if err != nil {
						t.Error(err)
					}
					got[name] = string(out)
				}
				return err
			})
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("files (-want +got):\n%s\n%v", diff, err)
			}
		})
	}
}
