package campaign

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// small is a campaign whose file lies in a folder of its own.
func small(t *testing.T) *spec.Campaign {
	t.Helper()
	return &spec.Campaign{Path: filepath.Join(t.TempDir(), "small.vast"), Name: "small", Data: []byte("version: 1\n"),
		Execution: spec.Execution{Image: "busybox:1.36", Runs: 1, RunsPerJob: 1, RunAsUser: 1000, Command: "true"}}
}

func one() *variation.Configs { return variation.Of(variation.Config{Name: "only"}) }

// prepareIn writes a campaign into a new folder, as who reaches no cluster.
func prepareIn(t *testing.T, s *spec.Campaign, configs *variation.Configs, o api.PrepareOptions) (*api.PrepareReport, error) {
	t.Helper()
	o.Dir, o.AgentImage = filepath.Join(t.TempDir(), "out"), "agent:dev"
	c := New(&access.Conn{Namespace: "lab", Warn: func(m string, _ ...api.Remedy) { t.Log("warning:", m) }}, nil, nil)
	return c.WritePrepared(t.Context(), s, configs, nil, o)
}

func TestAPreparedJobOfAQueueDoesNotSayThatItIsSuspended(t *testing.T) {
	for queue, label := range map[string]string{"": kube.LocalQueueName, "lab": "lab", "none": ""} {
		t.Run("the queue is "+label, func(t *testing.T) {
			made, err := prepareIn(t, small(t), one(), api.PrepareOptions{CampaignOptions: api.CampaignOptions{Queue: queue}})
			if err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(filepath.Join(made.Dir, "all-jobs.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			var job batchv1.Job
			if err := yaml.UnmarshalStrict([]byte(strings.TrimPrefix(string(data), "---\n")), &job); err != nil {
				t.Fatal(err)
			}
			if job.Spec.Suspend != nil || job.Labels[kube.LabelQueue] != label || len(job.Spec.Template.Spec.Containers) != 1 {
				t.Errorf("suspend %v, queue %q in\n%s", job.Spec.Suspend, job.Labels[kube.LabelQueue], data)
			}
		})
	}
}

func TestWhatIsPreparedCanBeApplied(t *testing.T) {
	for name, c := range map[string]struct {
		file    int // bytes that every run gets
		configs int
		params  int // bytes of each configuration's parameter
		packed  int
		carried bool
	}{
		"all goes with it":               {1000, 1, 1, 1, true},
		"as much as a ConfigMap carries": {160 << 10, 1, 1, 1, true},
		"more than that goes by a pod":   {190 << 10, 1, 1, 1, false},
		"more than one object holds":     {2 << 20, 1, 1, 1, false},
		"so many runs":                   {1, 5500, 1, 50, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := small(t)
			s.Execution.RunFiles, s.Execution.RunsPerJob = []string{"data"}, c.packed
			if err := os.WriteFile(filepath.Join(filepath.Dir(s.Path), "data"), noise(c.file), 0o600); err != nil {
				t.Fatal(err)
			}
			configs := make([]variation.Config, c.configs)
			for i := range configs {
				configs[i] = variation.Config{Name: fmt.Sprintf("a-configuration-with-a-long-name-%d", i),
					Parameters: []spec.Parameter{{Name: "p", Value: strings.Repeat("\"", c.params)}}}
			}
			made, err := prepareIn(t, s, variation.Of(configs...), api.PrepareOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if made.InputsApplied != c.carried || made.Runs != c.configs {
				t.Errorf("%+v", made)
			}
			applies(t, made.Dir)
		})
	}
}

func TestAJobThatKubectlCannotApplyIsRefused(t *testing.T) {
	job := func(more int) *batchv1.Job {
		return typed(&batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "big", Annotations: map[string]string{"a": strings.Repeat("x", 1000), "b": strings.Repeat("\"", 86645+more)}}})
	}
	if _, err := manifestText(job(0)); err != nil {
		t.Error(err)
	}
	_, err := manifestText(job(1))
	if invalid, ok := err.(*api.InvalidSpecError); !ok || !strings.Contains(invalid.Error(), "Job big has 262146: pack fewer runs into one Job") {
		t.Errorf("%T %v", err, err)
	}
}

// noise cannot be packed into less.
func noise(n int) []byte {
	out := make([]byte, n)
	x := uint32(1)
	for i := range out {
		x = x*1664525 + 1013904223
		out[i] = byte(x >> 24)
	}
	return out
}

// applies checks the objects that "kubectl apply -f DIR" reads by the rule of
// the API server for annotations.
func applies(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range strings.Split("\n"+string(data), "\n---\n") {
			object, err := yaml.YAMLToJSON([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if len(object) > 256<<10-len(corev1.LastAppliedConfigAnnotation) {
				t.Errorf("%s has an object of %d bytes", filepath.Base(file), len(object))
			}
		}
	}
}

func TestTwoCampaignsPreparedInOneSecondAreTwo(t *testing.T) {
	at := time.Date(2026, 11, 21, 10, 15, 0, 120e6, time.Local)
	first, second := preparedID("sweep", at), preparedID("sweep", at.Add(10*time.Millisecond))
	if first != "sweep-2026-11-21-10150012" || second != "sweep-2026-11-21-10150013" || checkID(first) != nil {
		t.Errorf("%s and %s", first, second)
	}
	made, err := prepareIn(t, small(t), one(), api.PrepareOptions{})
	if err != nil || checkID(made.ID) != nil {
		t.Errorf("%+v, %v", made, err)
	}
}

func TestAPreparedCampaignIsFoundByWhoAppliesIt(t *testing.T) {
	for name, tc := range map[string]struct {
		login, user string
		found       bool
		changed     string // what a change without an id says
		readme      string
	}{
		"whoever that is, when nobody has said a user":    {"", "", true, "has none here", "The record names no user"},
		"the user who has said a name":                    {"ann", "ann", true, "", "campaign of user `ann`"},
		"not by others than the user who has said a name": {"bob", "bob", false, "has none here", "campaign of user `bob`"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			conn, err := access.Connect(&rest.Config{Host: "http://localhost"}, access.Options{Namespace: "ns", User: tc.login, FallbackUser: "a-name-of-the-kubeconfig"})
			if err != nil {
				t.Fatal(err)
			}
			s, configs := w.campaign()
			made, err := New(conn, nil, nil).WritePrepared(t.Context(), s, configs, nil, api.PrepareOptions{Dir: filepath.Join(t.TempDir(), "out"), CampaignOptions: api.CampaignOptions{AgentImage: "agent:dev"}})
			if err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(filepath.Join(made.Dir, campaignFileName))
			if err != nil {
				t.Fatal(err)
			}
			record := &corev1.ConfigMap{}
			if err := yaml.Unmarshal(data, record); err != nil {
				t.Fatal(err)
			}
			if _, err := w.fake.CoreV1().ConfigMaps("ns").Create(t.Context(), record, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			for what, o := range map[string]api.MonitorOptions{"monitor": {}, "campaign list": {Brief: true}, "@latest": {IDs: []string{"@latest"}}} {
				list, err := w.Monitor(t.Context(), o)
				found := err == nil && len(list.Items) == 1 && list.Items[0].ID == made.ID && list.Items[0].User == tc.user
				if found != tc.found {
					t.Errorf("%s: %+v, %v", what, list, err)
				}
			}
			_, err = w.Stop(t.Context(), "@latest", api.StopOptions{DryRun: api.DryRunClient})
			if (tc.changed == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tc.changed) {
				t.Errorf("to stop @latest: %v, want %q", err, tc.changed)
			}
			own, _, err := w.records.named(t.Context(), api.MonitorOptions{}, true)
			if err != nil || len(own) != 0 != (tc.user == "ann") {
				t.Errorf("what changes all of one's own changes %+v, %v", own, err)
			}
			readme, err := os.ReadFile(filepath.Join(made.Dir, "README.md"))
			if err != nil || !strings.Contains(string(readme), tc.readme) {
				t.Errorf("the README does not say %q, %v", tc.readme, err)
			}
		})
	}
}

func TestAPreparedFolderSaysWhichNamespacesTakeItsPods(t *testing.T) {
	for profile, want := range map[string]string{
		"":           "The pods have the security profile `baseline`. A namespace that enforces the Pod Security Standard `restricted` takes the Jobs, with a warning, and refuses their pods; for one write the folder with `--security-profile restricted`.",
		"privileged": "The pods have the security profile `privileged`.",
		"restricted": "The pods keep to the Pod Security Standard `restricted`",
	} {
		made, err := prepareIn(t, small(t), one(), api.PrepareOptions{CampaignOptions: api.CampaignOptions{Profile: profile}})
		if err != nil {
			t.Fatal(err)
		}
		readme, err := os.ReadFile(filepath.Join(made.Dir, "README.md"))
		if err != nil || !strings.Contains(string(readme), want) {
			t.Errorf("%q: the README does not say %q, %v", profile, want, err)
		}
	}
}
