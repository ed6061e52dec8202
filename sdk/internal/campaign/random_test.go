package campaign

import (
	"context"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// drawing are the campaign of the tests and its three configurations, whose
// parameter x is drawn by random.
func (w *world) drawing(random api.Random) (*spec.Campaign, *variation.Configs) {
	w.t.Helper()
	s, err := spec.ParseCampaign(w.file, []byte(`
version: 1
metadata: {name: sweep}
configuration:
- name: a
  variations: [{ParameterVariationDistributionUniform: {name: x, num_variations: 3, min: 0, max: 1000000, type: int, seed: 7}}]
execution: {image: busybox, runs: 1, command: "true"}
`), spec.Inputs{})
	if err != nil {
		w.t.Fatal(err)
	}
	types, err := variation.With(random)
	if err != nil {
		w.t.Fatal(err)
	}
	configs, err := variation.Expand(w.t.Context(), s, types)
	if err != nil {
		w.t.Fatal(err)
	}
	return s, configs
}

// drawnValues are the values of the Jobs' PARAM_X, in the order of their names.
func (w *world) drawnValues() []string {
	w.t.Helper()
	var out []string
	for _, job := range w.jobs() {
		out = append(out, paramX(w.t, &job))
	}
	slices.Sort(out)
	return out
}

func paramX(t *testing.T, job *batchv1.Job) string {
	t.Helper()
	for _, e := range job.Spec.Template.Spec.Containers[0].Env {
		if e.Name == "PARAM_X" {
			return e.Value
		}
	}
	t.Fatalf("Job %s has no PARAM_X", job.Name)
	return ""
}

func TestACampaignKeepsItsRandomValues(t *testing.T) {
	values := map[api.Random][]string{
		api.RandomRoboVAST: {"158176", "339563", "993908"},
		api.RandomLegacy:   {"393365", "520453", "592359"},
	}
	for name, tt := range map[string]struct {
		// What drew them when it was begun, what its record says of that, and
		// what draws them when it is resumed.
		begun, recorded, now api.Random
		says                 string
	}{
		"those of RoboVAST":                  {api.RandomRoboVAST, api.RandomRoboVAST, api.RandomRoboVAST, ""},
		"those of before":                    {api.RandomLegacy, api.RandomLegacy, api.RandomLegacy, ""},
		"a record of before names none":      {api.RandomLegacy, "", api.RandomLegacy, ""},
		"others than in a record of before":  {api.RandomLegacy, "", api.RandomRoboVAST, "were drawn as legacy, and would now be drawn as robovast"},
		"others than RoboVAST's":             {api.RandomRoboVAST, api.RandomRoboVAST, api.RandomLegacy, "were drawn as robovast, and would now be drawn as legacy"},
		"a record that names something else": {api.RandomRoboVAST, "dice", api.RandomRoboVAST, `random: "dice" is unknown to this program`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := ""
			w.jobsLeft = 1
			s, configs := w.drawing(tt.begun)
			if _, err := w.Run(t.Context(), s, configs, api.CampaignOptions{Force: true, Notify: func(p api.CampaignProgress) {
				if p.ID != "" {
					id = p.ID
				}
			}}); err == nil {
				t.Fatal("it was finished")
			}
			w.jobsLeft = plenty
			if got := w.recordOf(id).Random; got != tt.begun {
				t.Errorf("the record names %q, not %q", got, tt.begun)
			}
			w.ask(func(r *layout.Record) { r.Random = tt.recorded })
			// As if the client had died before the configurations were in the
			// store: they are made from the file.
			if err := w.store.Delete(t.Context(), w.keys("campaigns/")...); err != nil {
				t.Fatal(err)
			}

			random, err := w.Random(context.Background(), id)
			if want := w.recordOf(id).Drawn(); tt.recorded != "dice" && (err != nil || random != want) {
				t.Errorf("the generator is recorded as %q, not %q; %v", random, want, err)
			}
			s, configs = w.drawing(tt.now)
			_, err = w.Run(t.Context(), s, configs, api.CampaignOptions{ID: id, Force: true})
			if tt.says != "" {
				if !is[*api.ConflictError](err) || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := w.drawnValues(); !slices.Equal(got, values[tt.now]) {
				t.Errorf("the values are %v, not %v", got, values[tt.now])
			}
		})
	}
}

func TestACampaignWithoutRandomValuesIsResumedWhateverDraws(t *testing.T) {
	w := newWorld(t)
	id := w.begin(1)
	w.ask(func(r *layout.Record) { r.Random = api.RandomRoboVAST })
	if err := w.store.Delete(t.Context(), w.keys("campaigns/")...); err != nil {
		t.Fatal(err)
	}
	w.submit(api.CampaignOptions{ID: id})
	if len(w.jobs()) != 3 {
		t.Errorf("%d Jobs", len(w.jobs()))
	}
	if _, err := w.Random(t.Context(), "sweep-2026-11-21-110000"); !is[*api.NotFoundError](err) {
		t.Errorf("an unknown id: %v", err)
	}
	if _, err := w.Random(t.Context(), "no id"); !is[*api.InvalidSpecError](err) {
		t.Errorf("what is none: %v", err)
	}
}
