package e2e_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

const twoNodes = `name: pair
num_nodes: 2
secrets: {TOKEN: hidden}
run: echo $NODE_RANK
`

func TestDryRunOnTheClientNeedsNoCluster(t *testing.T) {
	t.Parallel()
	p := &person{TB: t, dir: t.TempDir(), kubeconfig: filepath.Join(t.TempDir(), "does not exist")}
	r := p.vast("submit", p.file("task.yaml", twoNodes), "--dry-run=client", "-o", "yaml").exits(0)
	var kinds []string
	for doc := range strings.SplitSeq(r.stdout, "\n---\n") {
		var object struct{ APIVersion, Kind string }
		if err := yaml.Unmarshal([]byte(doc), &object); err != nil {
			t.Fatalf("%v:\n%s", err, doc)
		}
		kinds = append(kinds, object.APIVersion+" "+object.Kind)
	}
	if diff := cmp.Diff([]string{"v1 Secret", "v1 Service", "batch/v1 Job"}, kinds); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	p.vast("submit", p.file("task.yaml", minimal), "--dry-run=client").exits(0).shows("submitted (client dry run)")
	p.vast("submit", p.file("bad.yaml", "num_nodes: 0\n"), "--dry-run=client").exits(2)
	p.vol("create", "data", "1Gi", "--dry-run=client", "-o", "yaml").exits(0).shows("kind: PersistentVolumeClaim")
}

func TestWhatADryRunPrintsCanBeApplied(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.queue("vast", "2")
	for queue, args := range map[string][]string{"": nil, "vast": {"--queue=vast"}} {
		out := p.vast(append([]string{"submit", p.file("task.yaml", twoNodes), "--dry-run=client", "-o", "yaml"}, args...)...).exits(0).stdout
		p.kubectl("apply", "-f", p.file("objects.yaml", out))
		applied := p.list("--all-users")[0] // without a cluster the user's name is a guess
		if applied.Queue != queue {
			t.Errorf("%v: it is in queue %q, want %q", args, applied.Queue, queue)
		}
		p.vast("wait", applied.ID).exits(0)
	}
}

func TestDryRunOnTheServerKeepsNothing(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	before := p.objects()
	p.vast("submit", p.file("task.yaml", twoNodes), "--dry-run=server").exits(0).shows("submitted (server dry run)")
	p.vast("submit", p.file("task.yaml", twoNodes), "--dry-run=server", "-o", "name").exits(0).shows("task.kubevast.io/pair-")
	p.vol("create", "data", "1Gi", "--dry-run=server").exits(0).shows("(server dry run)")
	p.leftNothing(before)
	p.vast("list").exits(0).prints("No tasks found")
}

// A name that was printed is taken back, and a dry run does nothing to what it
// names.
func TestDryRunsStopAndDeleteNothing(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	name := strings.TrimSpace(p.vast("submit", p.file("task.yaml", "name: hello\nrun: sleep 600\n"), "-d", "-o", "name").exits(0).stdout)
	for _, kind := range []string{"client", "server"} {
		said := map[string]string{"client": "(client dry run)", "server": "(server dry run)"}[kind]
		p.vast("stop", name, "--dry-run="+kind).exits(0).shows(name + " stopped " + said)
		p.vast("delete", name, "--dry-run="+kind).exits(0).shows(name + " deleted " + said)
		p.vast("stop", "--all", "--dry-run="+kind).exits(0).shows(name + " stopped " + said)
		if s := p.status(name); s.State.Ended() {
			t.Errorf("after a dry run on the %s it is %s", kind, s.State)
		}
	}
	p.vast("delete", "hel").exits(2).prints("only the beginning of the name")
	p.vast("stop", "campaign.kubevast.io/x").exits(3).prints("that is a campaign's id", "kubectl vast campaign stop x")
	p.vast("delete", name).exits(0).shows(name + " deleted")
}

// What the client's dry run prints can be applied as it is.
func TestDryRunCanBeAppliedWithKubectl(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	objects := p.vast("submit", p.file("task.yaml", minimal), "--dry-run=client", "-o", "yaml").exits(0).stdout
	p.kubectl("apply", "-f", p.file("objects.yaml", objects))
	id := p.list("--all-users")[0].ID
	p.vast("logs", id, "-f").exits(0).shows("hello\n")
}
