package campaign

import (
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// hush is a value that must not appear anywhere.
const hush = "hush-5f1d9c"

// secretive is the campaign of world with secrets: one that its file names
// without a value, and one that only the command line has.
func (w *world) secretive(secrets map[string]string) (*spec.Campaign, *variation.Configs) {
	w.t.Helper()
	s, err := spec.ParseCampaign(w.file, []byte(`
version: 1
metadata: {name: sweep}
configuration: [{name: a}]
execution: {image: busybox, runs: 3, command: "true", run_files: [data.txt], env: {TOKEN: , PLAIN: seen}, secondary_containers: [side]}
`), spec.Inputs{Secrets: secrets})
	if err != nil {
		w.t.Fatal(err)
	}
	return s, variation.Of(variation.Config{Name: "a"})
}

// everything is all that the cluster (but for Secrets), the store and the warnings
// hold.
func (w *world) everything() string {
	w.t.Helper()
	var out strings.Builder
	add := func(v any) {
		data, err := json.Marshal(v)
		if err != nil {
			w.t.Fatal(err)
		}
		out.Write(data)
	}
	maps, err := w.fake.CoreV1().ConfigMaps("ns").List(w.t.Context(), metav1.ListOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	add(maps.Items)
	for _, job := range w.jobs() {
		add(job)
	}
	add(w.warnings)
	for o, err := range w.store.List(w.t.Context(), "", store.ListOptions{}) {
		if err != nil {
			w.t.Fatal(err)
		}
		out.WriteString(o.Key)
		body, _, err := w.store.Get(w.t.Context(), o.Key, 0)
		if err != nil {
			w.t.Fatal(err)
		}
		_, err = io.Copy(&out, body)
		if body.Close(); err != nil {
			w.t.Fatal(err)
		}
	}
	return out.String()
}

func (w *world) secretOf(id string) map[string]string {
	w.t.Helper()
	s, err := w.fake.CoreV1().Secrets("ns").Get(w.t.Context(), record.SecretName(id), metav1.GetOptions{})
	if err != nil {
		return nil
	}
	owner, err := w.fake.CoreV1().ConfigMaps("ns").Get(w.t.Context(), record.ObjectName(id), metav1.GetOptions{})
	if err != nil || len(s.OwnerReferences) != 1 || s.OwnerReferences[0].UID != owner.UID {
		w.t.Errorf("the Secret of %s does not go with its record: %v", id, s.OwnerReferences)
	}
	found := map[string]string{}
	for key, value := range s.Data {
		found[key] = string(value)
	}
	return found
}

// refersTo returns where each container of the user's has a variable from, as
// "Secret/key".
func refersTo(job *batchv1.Job, name string) map[string]string {
	found := map[string]string{}
	pod := job.Spec.Template.Spec
	for _, c := range append(pod.InitContainers, pod.Containers...) {
		for _, e := range c.Env {
			if e.Name == name && e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
				found[c.Name] = e.ValueFrom.SecretKeyRef.Name + "/" + e.ValueFrom.SecretKeyRef.Key
			}
		}
	}
	return found
}

func TestTheSecretsOfACampaignLieInItsSecretAndNowhereElse(t *testing.T) {
	w := newWorld(t)
	s, configs := w.secretive(map[string]string{"TOKEN": hush, "OTHER": hush + "2"})
	made, err := w.Run(t.Context(), s, configs, api.CampaignOptions{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"TOKEN": hush, "OTHER": hush + "2"}, w.secretOf(made.ID)); diff != "" {
		t.Error(diff)
	}
	if found := w.everything(); strings.Contains(found, hush) || !strings.Contains(found, "TOKEN") || !strings.Contains(found, "seen") {
		t.Errorf("a value is in the cluster or in the store, or the names are not:\n%s", found)
	}
	for _, job := range w.jobs() {
		for _, name := range []string{"TOKEN", "OTHER"} {
			from := record.SecretName(made.ID) + "/" + name
			if diff := cmp.Diff(map[string]string{"task": from, "side": from}, refersTo(&job, name)); diff != "" {
				t.Errorf("%s has %s from elsewhere: %s", job.Name, name, diff)
			}
		}
	}
}

func TestACampaignThatIsResumedHasItsSecrets(t *testing.T) {
	begin := func(w *world) string {
		t.Helper()
		w.jobsLeft = 1
		s, configs := w.secretive(map[string]string{"TOKEN": hush})
		id := ""
		if _, err := w.Run(t.Context(), s, configs, api.CampaignOptions{Force: true, Notify: func(p api.CampaignProgress) {
			if p.ID != "" {
				id = p.ID
			}
		}}); err == nil {
			t.Fatal("it was finished")
		}
		w.jobsLeft = plenty
		return id
	}
	for name, tt := range map[string]struct {
		lost   bool
		given  map[string]string
		others bool
		want   string // of the error; empty: all Jobs are made
	}{
		"the values of then do":           {},
		"they may be given again":         {given: map[string]string{"TOKEN": "other"}},
		"they must be when they are gone": {lost: true, want: "the secrets of campaign "},
		"and then they count":             {lost: true, given: map[string]string{"TOKEN": "other"}},
		"one that it has not":             {given: map[string]string{"NEW": "x"}, want: "Secrets NEW: campaign sweep-"},
		"another owner's Secret":          {lost: true, others: true, given: map[string]string{"TOKEN": "other"}, want: "that does not belong to campaign"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := begin(w)
			secrets := w.fake.CoreV1().Secrets("ns")
			if tt.lost {
				if err := secrets.Delete(t.Context(), record.SecretName(id), metav1.DeleteOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			if tt.others {
				if _, err := secrets.Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: record.SecretName(id), Namespace: "ns"}}, metav1.CreateOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			_, err := w.Run(t.Context(), nil, nil, api.CampaignOptions{ID: id, Secrets: tt.given})
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), hush) {
					t.Errorf("%v", err)
				}
				if len(w.jobs()) != 1 {
					t.Errorf("there are %d Jobs", len(w.jobs()))
				}
				return
			}
			if err != nil || len(w.jobs()) != 3 {
				t.Fatalf("%d Jobs, %v", len(w.jobs()), err)
			}
			want := map[string]string{"TOKEN": hush}
			if tt.lost {
				want = tt.given
			}
			if diff := cmp.Diff(want, w.secretOf(id)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestACampaignThatIsRunAgainHasTheSecretsOfTheOldOne(t *testing.T) {
	for name, tt := range map[string]struct {
		gone        bool
		given, want map[string]string
		problem     string
	}{
		"from its Secret":                 {want: map[string]string{"TOKEN": hush, "OTHER": hush}},
		"but for those that are given":    {given: map[string]string{"OTHER": "new"}, want: map[string]string{"TOKEN": hush, "OTHER": "new"}},
		"given again when it is gone":     {gone: true, given: map[string]string{"TOKEN": "1", "OTHER": "2"}, want: map[string]string{"TOKEN": "1", "OTHER": "2"}},
		"which has to be said":            {gone: true, given: map[string]string{"TOKEN": "1"}, problem: "give them again\n  Secrets=OTHER"},
		"and nothing that it has not had": {given: map[string]string{"NEW": "1"}, problem: "Secrets NEW: campaign sweep-"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			s, configs := w.secretive(map[string]string{"TOKEN": hush, "OTHER": hush})
			old, err := w.Run(t.Context(), s, configs, api.CampaignOptions{Force: true})
			if err != nil {
				t.Fatal(err)
			}
			w.fail()
			if tt.gone {
				if err := w.fake.CoreV1().Secrets("ns").Delete(t.Context(), record.SecretName(old.ID), metav1.DeleteOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			made, err := w.Rerun(t.Context(), old.ID, api.CampaignRerunOptions{CampaignOptions: api.CampaignOptions{Force: true, Secrets: tt.given}})
			if tt.problem != "" {
				if err == nil || !strings.Contains(saidBy(err), tt.problem) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, w.secretOf(made.ID)); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(w.everything(), hush) {
				t.Error("a value is in the cluster or in the store")
			}
		})
	}
}

func TestAPreparedCampaignRefersToASecretThatItDoesNotHave(t *testing.T) {
	w := newWorld(t)
	s, configs := w.secretive(map[string]string{"TOKEN": hush})
	dir := filepath.Join(t.TempDir(), "out")
	report, err := w.WritePrepared(t.Context(), s, configs, nil, api.PrepareOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all.Write(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"create secret generic " + report.Secret, `--from-literal=TOKEN="$TOKEN"`, "secretKeyRef"} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("there is no %q", want)
		}
	}
	if report.Secret != record.SecretName(report.ID) || strings.Contains(all.String(), hush) {
		t.Errorf("the Secret is %q, or its value is in the folder", report.Secret)
	}
}
