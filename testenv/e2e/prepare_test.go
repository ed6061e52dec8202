package e2e_test

import (
	"crypto/rand"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// prepared writes a campaign into a folder as a user does who reaches no
// cluster.
func (p *person) prepared(dir, file string, args ...string) *api.PrepareReport {
	p.Helper()
	offline := *p
	offline.kubeconfig = filepath.Join(p.dir, "no-kubeconfig")
	r := offline.vast(append([]string{"campaign", "prepare", dir, "-f", file, "-k", "kind", "-o", "json"}, args...)...).exits(0)
	report := &api.PrepareReport{}
	if err := json.Unmarshal([]byte(r.stdout), report); err != nil {
		p.Fatalf("%v:\n%s", err, r.stdout)
	}
	return report
}

// ranAll checks that the campaign ends well and that every run has its table.
func (p *person) ranAll(id string, runs int) {
	p.Helper()
	p.vast("monitor", id, "--wait", "--interval=1s").exits(0)
	c := p.monitored(id)
	if want := (api.RunCounts{Total: runs, Succeeded: runs}); c.Runs != want || c.State != api.CampaignSucceeded {
		p.Errorf("%s: %+v, want %+v", c.State, c.Runs, want)
	}
	tables := 0
	for object, err := range p.store().List(p.Context(), "campaigns/"+id+"/", store.ListOptions{}) {
		if err != nil {
			p.Fatal(err)
		}
		if strings.HasSuffix(object.Key, "/population.csv") && object.Size > 0 {
			tables++
		}
	}
	if tables != runs {
		p.Errorf("%d runs left a table, want %d", tables, runs)
	}
}

func TestAPreparedCampaignRunsByKubectlAlone(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("cluster", "setup", "kind").exits(0)
	example := filepath.Join(repository(), "examples", "growth.vast")
	dir := filepath.Join(p.dir, "out")
	made := p.prepared(dir, example)
	if made.Runs != 10 || made.Jobs != 10 || !made.InputsApplied {
		t.Errorf("%+v", made)
	}
	p.kubectl("apply", "-f", dir)
	p.ranAll(made.ID, 10)
	if again := p.kubectl("apply", "-f", dir); strings.Contains(again, "created") {
		t.Errorf("applied again, it made something:\n%s", again)
	}
	// All Jobs go, and the count stays.
	p.kubectl("delete", "-f", filepath.Join(dir, "all-jobs.yaml"))
	p.ranAll(made.ID, 10)

	t.Run("and has no credentials in it", func(t *testing.T) {
		secret, err := client.CoreV1().Secrets(p.namespace).Get(t.Context(), kube.StoreName, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if strings.Contains(string(data), "kind: Secret") || strings.Contains(string(data), string(secret.Data[kube.StoreSecretKey])) {
				t.Errorf("%s has a Secret in it", path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("and what a namespace needs is what setup makes", func(t *testing.T) {
		p := p.in(t)
		p.kubectl("apply", "--dry-run=server", "-f", filepath.Join(dir, "cluster"))
	})
	t.Run("and is not written over something else", func(t *testing.T) {
		p := p.in(t)
		p.vast("campaign", "prepare", dir, "-f", example).exits(2).prints("already has a prepared campaign; use --force to replace it")
		p.file("mine", "precious")
		p.vast("campaign", "prepare", p.dir, "-f", example, "--force").exits(2).prints("was not written by campaign prepare")
		p.vast("campaign", "prepare", dir, "-f", example, "--force", "--config", "fixed").exits(0).prints("2 runs as 2 Jobs")
		if jobs, err := filepath.Glob(filepath.Join(dir, "jobs", "*.yaml")); err != nil || len(jobs) != 2 {
			t.Errorf("%d Jobs are left of two, %v", len(jobs), err)
		}
	})
}

// The README's commands, without the plugin: the store has accounts and speaks https
// there, too.
func TestAPreparedCampaignMakesItsNamespaceReady(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	dir := filepath.Join(p.dir, "out")
	made := p.prepared(dir, filepath.Join(repository(), "examples", "growth.vast"), "--queue=none", "--config=fixed", "-n", p.namespace)
	for range 2 { // the second time it finds them there
		script := exec.CommandContext(t.Context(), "sh", filepath.Join(dir, "cluster", "secrets.sh"))
		script.Env = append(os.Environ(), "KUBECONFIG="+cluster.Kubeconfig(), "PATH="+filepath.Dir(cluster.Kubectl())+":"+os.Getenv("PATH"))
		if out, err := script.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	p.kubectl("apply", "-f", filepath.Join(dir, "cluster"))
	p.kubectl("rollout", "status", "deployment/"+kube.StoreName, "--timeout=2m")
	p.kubectl("apply", "-f", dir)
	p.ranAll(made.ID, 2)
}

const patient = `version: 1
configuration:
- name: only
execution:
  image: busybox:1.36
  runs: 2
  resources: {cpu: 10m, memory: 16Mi}
  command: |
    until [ -e /tmp/go ]; do sleep 0.2; done
    echo 1 > $OUTPUT_DIR/population.csv
`

func TestAPreparedCampaignContinuesWhenItIsAppliedAgain(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("cluster", "setup", "kind").exits(0)
	dir := filepath.Join(p.dir, "out")
	made := p.prepared(dir, p.file("patient.vast", patient))
	p.kubectl("apply", "-f", dir)
	running := func() map[string]types.UID {
		t.Helper()
		pods, err := client.CoreV1().Pods(p.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: kube.LabelRun})
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]types.UID{}
		for _, pod := range pods.Items {
			for _, c := range pod.Status.ContainerStatuses {
				if c.Name == kube.ContainerTask && c.State.Running != nil && pod.DeletionTimestamp == nil {
					out[pod.Name] = pod.UID
				}
			}
		}
		return out
	}
	p.waitFor("both runs run", func() (bool, any) { pods := running(); return len(pods) == 2, pods })
	pods := running()
	for line := range strings.Lines(p.kubectl("apply", "-f", dir)) {
		if !strings.HasSuffix(strings.TrimSpace(line), " unchanged") {
			t.Errorf("applied again: %s", line)
		}
	}
	// What is suspended loses its pod, and the one in its place would wait
	// for ever.
	for pod := range pods {
		p.touch(pod, "/tmp/go")
	}
	p.ranAll(made.ID, 2)
	left, err := client.CoreV1().Pods(p.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: kube.LabelRun})
	if err != nil || len(left.Items) != len(pods) {
		t.Errorf("%d pods ran instead of %d, %v", len(left.Items), len(pods), err)
	}
	for _, pod := range left.Items {
		if pods[pod.Name] != pod.UID {
			t.Errorf("pod %s is not one of those that ran first", pod.Name)
		}
	}
}

const heavy = `version: 1
configuration:
- name: only
execution:
  image: busybox:1.36
  runs: 2
  run_files: ["*.bin"]
  command: wc -c /config/heavy.bin > $OUTPUT_DIR/population.csv
`

func TestAPreparedCampaignWithLargeInputs(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("cluster", "setup", "kind").exits(0)
	bytes := make([]byte, 2<<20)
	_, _ = rand.Read(bytes) // it never fails
	p.file("heavy.bin", string(bytes))
	dir := filepath.Join(p.dir, "out")
	made := p.prepared(dir, p.file("heavy.vast", heavy))
	if made.InputsApplied {
		t.Errorf("%+v", made)
	}
	// As in the README.
	pod := kube.DNSLabel(made.ID+"-upload", "", 63)
	p.kubectl("apply", "-f", filepath.Join(dir, "upload", "pod.yaml"))
	p.kubectl("wait", "--for=condition=Ready", "--timeout=3m", "pod/"+pod)
	send := exec.CommandContext(t.Context(), "sh", "-c", `tar -C "$1" -c . | "$2" --kubeconfig "$3" -n "$4" attach -i "$5"`, "sh",
		filepath.Join(dir, "inputs"), cluster.Kubectl(), cluster.Kubeconfig(), p.namespace, pod)
	if out, err := send.CombinedOutput(); err != nil {
		t.Fatalf("attach: %v\n%s", err, out)
	}
	p.succeeds(pod)
	p.kubectl("apply", "-f", dir)
	p.ranAll(made.ID, 2)
}
