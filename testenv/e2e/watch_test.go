package e2e_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestListWatchesEveryChange(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	watching := p.start("kubectl-vast", nil, "list", "-w", "-o", "jsonpath={.id} {.state}{\"\\n\"}")
	id := p.vast("submit", p.file("task.yaml", minimal)).exits(0).id()
	seen := func() []string { return slices.Compact(slices.Collect(strings.Lines(watching.stdout.String()))) }
	p.waitFor("the end is shown", func() (bool, any) {
		return slices.Contains(seen(), id+" Succeeded\n"), watching.stdout.String()
	})
	// How many states there are between depends on how fast they pass.
	if first := seen()[0]; first != id+" Pending\n" && first != id+" Running\n" {
		t.Errorf("the first line is %q", first)
	}
	watching.interrupt()
	watching.wait()
}

func TestListSortsByWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	for _, name := range []string{"b", "c", "a"} {
		p.submit("name: " + name + "\nrun: echo\nconfig: {kubernetes: {pod_config: {spec: {schedulingGates: [{name: example.com/hold}]}}}}\n")
	}
	for by, want := range map[string]string{"name": "a b c", "{.taskName}": "a b c", "": ""} {
		args := []string{"list", "-o", "jsonpath={.items[*].taskName}"}
		if by != "" {
			args = append(args, "--sort-by", by)
		}
		got := p.vast(args...).exits(0).stdout
		if by == "" { // the newest first, by seconds
			got, want = sorted(got), "a b c"
		}
		if got != want {
			t.Errorf("sorted by %q: %s, want %s", by, got, want)
		}
	}
	p.vast("list", "--sort-by", "{.no").exits(2)
}

func sorted(words string) string {
	return strings.Join(slices.Sorted(slices.Values(strings.Fields(words))), " ")
}

func TestATaskIsKeptForAsLongAsAsked(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	id := p.submit(minimal, "--keep", "1s")
	p.waitFor("it goes after its end", func() (bool, any) {
		r := p.vast("status", id)
		return r.code == 3, r.stdout
	})
	id = p.vast("submit", p.file("task.yaml", minimal), "--keep", "24h").exits(0).id()
	if ttl := p.job(id).Spec.TTLSecondsAfterFinished; ttl == nil || *ttl != 24*3600 {
		t.Errorf("it is kept for %v seconds", ttl)
	}
}

func TestPluginsWorkThroughKubectl(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	id := p.submit(minimal)
	run := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), cluster.Kubectl(), args...)
		cmd.Env = append(withoutOurs(os.Environ()), "KUBECONFIG="+p.kubeconfig, "VAST_CONFIG_DIR="+p.dir, "PATH="+bin+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("kubectl %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	if out := run("vast", "-n", p.namespace, "logs", id, "-f"); !strings.HasPrefix(out, "hello\n") && !strings.Contains(out, "\nhello\n") {
		t.Errorf("kubectl vast logs: %q", out)
	}
	if out := run("vast", "list", "--namespace", p.namespace, "-o", "name"); !strings.HasSuffix(out, "/minimal-"+id+"\n") {
		t.Errorf("kubectl vast list: %q", out)
	}
	run("vastvol", "-n", p.namespace, "list")
}

func TestWhoOneIsCanBeSaid(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	whoami := func() (id struct{ User, Source, ClusterUser string }) {
		if err := json.Unmarshal([]byte(p.vast("auth", "whoami", "-o", "json").exits(0).stdout), &id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	cluster := whoami()
	if cluster.Source != "cluster" || cluster.User == "" || cluster.User != cluster.ClusterUser {
		t.Errorf("without a login one is %+v", cluster)
	}
	p.vast("auth", "login", "Ada Löve:lace").exits(0)
	if got := whoami(); got.User != "Ada Löve:lace" || got.Source != "login" || got.ClusterUser != cluster.User {
		t.Errorf("after a login one is %+v", got)
	}
	id := p.submit("run: sleep 1000\n")
	if s := p.status("@latest"); s.ID != id || s.User != "Ada Löve:lace" {
		t.Errorf("the newest task is %s of %q, want %s", s.ID, s.User, id)
	}
	if got := p.vast("stop", "--all", "--yes").exits(0).stdout; !strings.Contains(got, id) {
		t.Errorf("stop --all: %q", got)
	}
	if diff := cmp.Diff("stopped by Ada Löve:lace", p.status(id).Reason); diff != "" {
		t.Errorf("reason (-want +got):\n%s", diff)
	}
	p.vast("auth", "logout").exits(0)
	if got := whoami(); got != cluster {
		t.Errorf("after a logout one is %+v", got)
	}
	p.vast("status", "@latest").exits(3)
}
