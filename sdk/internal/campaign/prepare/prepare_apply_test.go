package prepare

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
	"sigs.k8s.io/yaml"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/campaigntest"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

func one() *variation.Configs { return variation.Of(variation.Config{Name: "only"}) }

// prepareIn writes a campaign into a new folder, as who reaches no cluster.
func prepareIn(t *testing.T, s *spec.Campaign, configs *variation.Configs, o api.PrepareOptions) (*api.PrepareReport, error) {
	t.Helper()
	o.Dir, o.AgentImage = filepath.Join(t.TempDir(), "out"), "agent:dev"
	c := New(&access.Conn{Namespace: "lab", Warn: func(m string, _ ...api.Remedy) { t.Log("warning:", m) }})
	return c.WritePrepared(t.Context(), s, configs, nil, o)
}

func TestAPreparedJobOfAQueueDoesNotSayThatItIsSuspended(t *testing.T) {
	for queue, label := range map[string]string{"": kube.LocalQueueName, "lab": "lab", "none": ""} {
		t.Run("the queue is "+label, func(t *testing.T) {
			made, err := prepareIn(t, campaigntest.Small(t), one(), api.PrepareOptions{CampaignOptions: api.CampaignOptions{Queue: queue}})
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
		"all inputs are in the ConfigMap": {1000, 1, 1, 1, true},
		"as much as a ConfigMap carries":  {160 << 10, 1, 1, 1, true},
		"more than that goes by a pod":    {190 << 10, 1, 1, 1, false},
		"more than one object holds":      {2 << 20, 1, 1, 1, false},
		"so many runs":                    {1, 5500, 1, 50, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := campaigntest.Small(t)
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
	if first != "sweep-2026-11-21-10150012" || second != "sweep-2026-11-21-10150013" || record.CheckID(first) != nil {
		t.Errorf("%s and %s", first, second)
	}
	made, err := prepareIn(t, campaigntest.Small(t), one(), api.PrepareOptions{})
	if err != nil || record.CheckID(made.ID) != nil {
		t.Errorf("%+v, %v", made, err)
	}
}

func TestAPreparedFolderNamesTheNamespacesThatAdmitItsPods(t *testing.T) {
	for profile, want := range map[string]string{
		"":           "The pods have the security profile `baseline`. A namespace that enforces the Pod Security Standard `restricted` takes the Jobs, with a warning, and refuses their pods; for one write the folder with `--security-profile restricted`.",
		"privileged": "The pods have the security profile `privileged`.",
		"restricted": "The pods keep to the Pod Security Standard `restricted`",
	} {
		made, err := prepareIn(t, campaigntest.Small(t), one(), api.PrepareOptions{CampaignOptions: api.CampaignOptions{Profile: profile}})
		if err != nil {
			t.Fatal(err)
		}
		readme, err := os.ReadFile(filepath.Join(made.Dir, "README.md"))
		if err != nil || !strings.Contains(string(readme), want) {
			t.Errorf("%q: the README does not say %q, %v", profile, want, err)
		}
	}
}
