package e2e_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// withStore gives the namespace a store.
func (p *person) withStore() *store.Store {
	p.Helper()
	p.vast("cluster", "setup", "kind").exits(0)
	return p.store()
}

// manifest waits for the manifest of a node and reads it.
func (p *person) manifest(s *store.Store, id string, rank int) *layout.Inventory {
	p.Helper()
	m := &layout.Inventory{}
	p.waitFor(fmt.Sprintf("the manifest of node %d of task %s is there", rank, id), func() (bool, any) {
		text, err := p.object(s, layout.NodePrefix(id, rank)+layout.InventoryFile)
		if err != nil {
			return false, err
		}
		return true, json.Unmarshal([]byte(text), m)
	})
	if m.Version != layout.InventoryVersion {
		p.Fatalf("the manifest is %+v", m)
	}
	return m
}

func (p *person) object(s *store.Store, key string) (string, error) {
	p.Helper()
	r, _, err := s.Get(p.Context(), key, 0)
	if err != nil {
		return "", err
	}
	data, err := io.ReadAll(r)
	return string(data), errors.Join(err, r.Close())
}

// holds checks the entries of a result: by path a content, "-> target" for a
// link or "/" for an empty folder, and that the store has what the manifest
// says.
func (p *person) holds(s *store.Store, prefix string, files []layout.File, want map[string]string) {
	p.Helper()
	got := map[string]string{}
	for _, f := range files {
		switch {
		case f.Link != "":
			got[f.Path] = "-> " + f.Link
		case f.Dir:
			got[f.Path] = "/"
		default:
			text, err := p.object(s, prefix+f.ObjectKey())
			sum := sha256.Sum256([]byte(text))
			if err != nil || f.Size != int64(len(text)) || f.SHA256 != hex.EncodeToString(sum[:]) {
				p.Errorf("%s: %v, %d bytes; the manifest says %+v", f.Path, err, len(text), f)
			}
			got[f.Path] = text
		}
	}
	if !maps.Equal(got, want) {
		p.Errorf("kept:\n%q\nwant:\n%q", got, want)
	}
}

// log is what is kept of a container's output, without the times.
func (p *person) keptLog(s *store.Store, m *layout.Inventory, container string) string {
	p.Helper()
	text, err := p.object(s, m.LogPrefix+container+".log")
	if err != nil {
		p.Error(err)
	}
	var out strings.Builder
	for line := range strings.Lines(text) {
		_, rest, _ := strings.Cut(line, " ")
		out.WriteString(rest)
	}
	return out.String()
}

// The files, the log and the reason are kept however a task ends.
func TestWhateverTheEndTheResultIsKept(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	s := p.withStore()
	const written = `
resources: {image_id: "busybox:1.36", cpus: 50m, memory: 64Mi}
run: |
  mkdir -p $OUTPUT_DIR/deep/empty; echo data >$OUTPUT_DIR/deep/a; ln -s deep/a $OUTPUT_DIR/link
  echo all written
`
	for name, c := range map[string]struct {
		end   string
		args  []string
		do    func(p *person, id string)
		state api.State
		cause api.Cause
		code  int32
	}{
		"success":       {end: "exit 0", state: api.Succeeded},
		"an exit code":  {end: "exit 3", state: api.Failed, cause: api.CauseExit, code: 3},
		"out of memory": {end: "exec tail /dev/zero", state: api.Failed, cause: api.CauseOutOfMemory},
		"a deadline":    {end: "sleep 100000", args: []string{"--deadline=20s"}, state: api.Failed, cause: api.CauseDeadline},
		"a stop":        {end: "sleep 100000", do: func(p *person, id string) { p.vast("stop", id).exits(0) }, state: api.Stopped, cause: api.CauseStopped},
		"a pod deleted by hand": {end: "sleep 100000", state: api.Failed, cause: api.CauseDeleted, do: func(p *person, id string) {
			if err := client.CoreV1().Pods(p.namespace).Delete(p.Context(), p.pods(id)[0].Name, metav1.DeleteOptions{}); err != nil {
				p.Fatal(err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := p.in(t)
			// The quota is everybody's; these are not to wait for it.
			id := p.submit("name: ends\n"+written+"  "+c.end+"\n", append(c.args, "--queue=none")...)
			if c.do != nil {
				p.waitFor("it has written", func() (bool, any) {
					out := p.vast("logs", id).stdout
					return strings.Contains(out, "all written"), out
				})
				c.do(p, id)
			}
			m := p.manifest(s, id, 0)
			prefix := layout.NodePrefix(id, 0)
			p.holds(s, prefix, m.Files, map[string]string{"deep/a": "data\n", "deep/empty": "/", "link": "-> deep/a"})
			if log := p.keptLog(s, m, kube.ContainerTask); log != "all written\n" {
				t.Errorf("the log kept is %q", log)
			}
			if m.Outcome.State != c.state || m.Outcome.Cause != c.cause {
				t.Errorf("the outcome is %+v, want %s %s", m.Outcome, c.state, c.cause)
			}
			if c.code != 0 && (m.Outcome.ExitCode == nil || *m.Outcome.ExitCode != c.code) {
				t.Errorf("the outcome is %+v, want exit code %d", m.Outcome, c.code)
			}
			if m.TaskID != id || m.TaskName != "ends" || m.Job != "ends-"+id || m.User == "" || m.Pod == "" || len(m.Missing) > 0 {
				t.Errorf("the manifest is %+v", m)
			}
			if kept := p.status(id).Kept; kept != layout.TaskPrefix(id) {
				t.Errorf("the status says that it is kept under %q", kept)
			}
		})
	}
}

// Each node of a task has a result of its own, and outputs are kept beside
// $OUTPUT_DIR.
func TestResultsOfSeveralNodesAndFurtherOutputs(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	s := p.withStore()
	id := p.submit(`
num_nodes: 2
resources: {image_id: "busybox:1.36", cpus: 50m, memory: 64Mi}
outputs: [/models/new]
run: |
  echo $NODE_RANK >$OUTPUT_DIR/rank; echo model >/models/new/m; sh -c 'echo late >>$OUTPUT_DIR/rank'
`, "--queue=none")
	p.becomes(id, api.Succeeded)
	for rank := range 2 {
		m := p.manifest(s, id, rank)
		p.holds(s, layout.NodePrefix(id, rank), m.Files, map[string]string{"rank": fmt.Sprintf("%d\nlate\n", rank), "models/new/m": "model\n"})
		if m.Rank != rank {
			t.Errorf("the manifest of node %d is of node %d", rank, m.Rank)
		}
	}
}

// A user's containers never see the store's credentials, nor a token.
func TestTheUsersContainerSeesNoCredentials(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	s := p.withStore()
	id := p.submit("resources: {image_id: 'busybox:1.36', cpus: 50m}\nrun: env; ls /var/run/secrets /vast /keep 2>&1; true\n", "--queue=none")
	p.becomes(id, api.Succeeded)
	log := p.keptLog(s, p.manifest(s, id, 0), kube.ContainerTask)
	for _, word := range []string{"VAST_STORE", "kubernetes.io", "vast-store"} {
		if strings.Contains(log, word) {
			t.Errorf("it sees %s:\n%s", word, log)
		}
	}
	secret, err := client.CoreV1().Secrets(p.namespace).Get(t.Context(), kube.StoreName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	job, err := yaml.Marshal(p.job(id))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(job), string(secret.Data[kube.StoreSecretKey])) {
		t.Error("the Job holds the store's secret key")
	}
}

func TestNothingIsKeptUnlessRequested(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	outputs := "resources: {image_id: 'busybox:1.36', cpus: 50m}\noutputs: [/models]\nrun: touch $OUTPUT_DIR/x\n"
	id := p.vast("submit", p.file("task.yaml", outputs)).exits(0).prints("outputs are not kept", "has no store").id()
	p.keepsNothing(id)
	s := p.withStore()
	id = p.vast("submit", p.file("task.yaml", outputs), "--no-results", "--queue=none").exits(0).id()
	p.keepsNothing(id)
	for object, err := range s.List(t.Context(), layout.Tasks, store.ListOptions{}) {
		t.Errorf("the store has %s (%v)", object.Key, err)
	}
}

func (p *person) keepsNothing(id string) {
	p.Helper()
	job := p.job(id)
	ours := func(c corev1.Container) bool { return strings.HasPrefix(c.Name, "vast-") }
	if slices.ContainsFunc(job.Spec.Template.Spec.InitContainers, ours) || job.Annotations[kube.AnnotationKept] != "" {
		p.Errorf("task %s has a container of ours, or says that it is kept", id)
	}
}
