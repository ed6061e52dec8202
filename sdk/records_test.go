package sdk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

// onRecords are the methods that read the record of a campaign that they are
// given. cluster and store select the copy.
var onRecords = map[string]struct {
	do             func(context.Context, *world) error
	cluster, store bool
	// makes: Jobs are made by it.
	makes bool
}{
	"campaign run --resume": {func(ctx context.Context, w *world) error {
		_, err := w.Campaigns().Run(ctx, nil, nil, api.CampaignOptions{ID: w.campaign})
		return err
	}, true, true, true},
	"campaign rerun": {func(ctx context.Context, w *world) error {
		_, err := w.Campaigns().Rerun(ctx, w.campaign, api.CampaignRerunOptions{CampaignOptions: api.CampaignOptions{Force: true}})
		return err
	}, true, true, true},
	"monitor": {func(ctx context.Context, w *world) error {
		_, err := w.Campaigns().List(ctx, api.CampaignListOptions{Refs: []string{w.campaign}})
		return err
	}, true, false, false},
	"campaign list": {func(ctx context.Context, w *world) error {
		_, err := w.Campaigns().List(ctx, api.CampaignListOptions{Refs: []string{w.campaign}, Brief: true})
		return err
	}, true, false, false},
	"campaign stop": {func(ctx context.Context, w *world) error {
		_, err := w.Campaigns().Stop(ctx, w.campaign, api.CampaignStopOptions{})
		return err
	}, true, false, false},
	"campaign hold": {func(ctx context.Context, w *world) error {
		_, err := w.Campaigns().Hold(ctx, w.campaign, api.CampaignHoldOptions{})
		return err
	}, true, false, false},
	"campaign resume": {func(ctx context.Context, w *world) error {
		_, err := w.Campaigns().Resume(ctx, w.campaign, api.CampaignHoldOptions{})
		return err
	}, true, false, false},
	"campaign cleanup": {func(ctx context.Context, w *world) error {
		_, err := w.Campaigns().Cleanup(ctx, api.CampaignCleanupOptions{Campaigns: []string{w.campaign}, Data: true, Force: true})
		return err
	}, true, false, false},
	"results list": {func(ctx context.Context, w *world) error {
		_, err := w.Results().List(ctx, api.ResultListOptions{Ref: w.campaign})
		return err
	}, false, true, false},
	"results show": {func(ctx context.Context, w *world) error {
		_, err := w.Results().Get(ctx, w.campaign, api.ResultGetOptions{})
		return err
	}, false, true, false},
	"results download": {func(ctx context.Context, w *world) error {
		_, err := w.Results().Download(ctx, w.campaign, api.DownloadOptions{Dir: w.dir})
		return err
	}, false, true, false},
	"results delete": {func(ctx context.Context, w *world) error {
		_, err := w.Results().Delete(ctx, w.campaign, api.ResultDeleteOptions{})
		return err
	}, false, true, false},
}

// A forged field of a record. shape: it changes what is run, not which campaign
// it is, so that it only matters to methods that make Jobs.
var poisons = map[string]struct {
	change func(*layout.Record)
	shape  bool
}{
	"another namespace":                       {func(r *layout.Record) { r.Namespace = "victim" }, false},
	"another id":                              {func(r *layout.Record) { r.ID = "other-2026-06-17-101500" }, false},
	"a foreign agent image":                   {func(r *layout.Record) { r.AgentImage = "evil.example.com/agent:1" }, true},
	"another image":                           {func(r *layout.Record) { r.Image = "evil.example.com/run:1" }, true},
	"an image that is none":                   {func(r *layout.Record) { r.Image = "UPPER CASE\x1b[2J" }, true},
	"a profile that there is not":             {func(r *layout.Record) { r.Profile = "anything" }, true},
	"another profile":                         {func(r *layout.Record) { r.Profile = "privileged" }, true},
	"a queue that is no name":                 {func(r *layout.Record) { r.Queue = "a,b in (c)" }, true},
	"a priority that is no name":              {func(r *layout.Record) { r.Priority = "a b" }, true},
	"a configuration outside of the campaign": {func(r *layout.Record) { r.Configs = []string{"../other"} }, true},
	"no runs in a Job":                        {func(r *layout.Record) { r.RunsPerJob = 0 }, true},
	"other inputs":                            {func(r *layout.Record) { r.Inputs = "0" }, true},
	"a user on two lines":                     {func(r *layout.Record) { r.User = "ann\nbob" }, true},
}

// clusterRecord changes the record in the cluster, and nothing else of its object.
func (w *world) clusterRecord(change func(*layout.Record)) {
	w.t.Helper()
	key := "/api/v1/namespaces/lab/configmaps/" + kube.DNSLabel(w.campaign, "campaign", 63)
	var m corev1.ConfigMap
	if err := json.Unmarshal(w.server.objects[key], &m); err != nil {
		w.t.Fatal(err)
	}
	m.Data[layout.RecordFile] = string(changed(w.t, []byte(m.Data[layout.RecordFile]), change))
	w.server.objects[key], _ = json.Marshal(&m)
}

// storedRecord changes the store's copy.
func (w *world) storedRecord(change func(*layout.Record)) {
	w.t.Helper()
	key := layout.RecordKey(w.campaign)
	w.bucket.objects[key] = changed(w.t, w.bucket.objects[key], change)
}

func changed(t *testing.T, data []byte, change func(*layout.Record)) []byte {
	t.Helper()
	r, err := layout.ParseRecord(data)
	if err != nil {
		t.Fatal(err)
	}
	change(r)
	return r.Marshal()
}

// half makes of the campaign one whose submission ended half-way, and that has a
// result.
func (w *world) half() {
	w.t.Helper()
	later := func(r *layout.Record) { r.Complete = false }
	w.clusterRecord(later)
	w.storedRecord(later)
	for _, key := range slices.Sorted(maps.Keys(w.server.objects)) {
		if m := metaOf(w.server.objects[key]); m.Labels[kube.LabelKind] == kube.KindRun && m.Annotations[kube.AnnotationRun] == "1" {
			delete(w.server.objects, key)
		}
	}
	prefix := layout.RunPrefix(w.campaign, "a", 0)
	manifest, _ := json.Marshal(layout.Inventory{Version: layout.InventoryVersion})
	w.bucket.objects[prefix+layout.InventoryFile] = manifest
}

func TestARecordThatWasChangedIsUsedByNoCommand(t *testing.T) {
	t.Parallel()
	for command, c := range onRecords {
		for poison, p := range poisons {
			for _, in := range []string{"the cluster", "the store", "both", "the store, and the cluster's copy is gone"} {
				inCluster, inStore := in == "the cluster" || in == "both", in != "the cluster"
				gone := strings.Contains(in, "gone")
				reads := c.cluster && (inCluster || gone) || c.store && inStore
				matters := !p.shape || c.makes
				valid := poison == "another profile" && in == "both" || poison == "another profile" && gone // in both copies it may be what was given
				if !reads || !matters || valid {
					continue
				}
				t.Run(command+" with "+poison+" in "+in, func(t *testing.T) {
					t.Parallel()
					w := newWorld(t)
					w.half()
					if inCluster {
						w.clusterRecord(p.change)
					}
					if inStore {
						w.storedRecord(p.change)
					}
					if gone {
						delete(w.server.objects, "/api/v1/namespaces/lab/configmaps/"+kube.DNSLabel(w.campaign, "campaign", 63))
					}
					w.forget()
					before := w.state()
					err := c.do(t.Context(), w)
					if wrong := (*api.ConflictError)(nil); !errors.As(err, &wrong) {
						t.Fatalf("it is no Conflict: %v", err)
					}
					if strings.ContainsAny(err.Error(), "\x1b\n") {
						t.Errorf("the message has control characters of the record: %q", err)
					}
					if diff := gocmp.Diff(before, w.state()); diff != "" {
						t.Errorf("it changed something:\n%s\nby %q", diff, w.changes())
					}
				})
			}
		}
	}
}

func TestARecordThatIsRightIsUsedByEveryCommand(t *testing.T) {
	t.Parallel()
	for command, c := range onRecords {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.half()
			if err := c.do(t.Context(), w); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAListContinuesAfterAChangedRecord(t *testing.T) {
	t.Parallel()
	for name, poison := range map[string]func(*layout.Record){
		"that of another namespace": func(r *layout.Record) { r.Namespace = "victim" },
		"that of the other one":     func(r *layout.Record) { r.ID = "other-2026-06-17-101500" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s, configs := w.sweep()
			good, err := w.Campaigns().Run(t.Context(), s, configs, api.CampaignOptions{Force: true, ID: "other-2026-06-17-101500"})
			if err != nil {
				t.Fatal(err)
			}
			w.clusterRecord(poison)
			list, err := w.Campaigns().List(t.Context(), api.CampaignListOptions{AllUsers: true, Brief: true})
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, item := range list.Items {
				ids = append(ids, item.ID)
			}
			if diff := gocmp.Diff([]string{good.ID}, ids); diff != "" {
				t.Error(diff)
			}
			w.storedRecord(poison)
			results, err := w.Results().List(t.Context(), api.ResultListOptions{AllUsers: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range results.Items {
				if r.Campaign == w.campaign {
					t.Errorf("the campaign whose record was changed is listed: %+v", r)
				}
			}
		})
	}
}

// By a beginning of a hash, what others have brought would go with the campaign.
func TestACleanupRemovesNoInputsOfOthersByARecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	others := layout.InputKey(strings.Repeat("0", 64))
	w.bucket.objects[others] = []byte("the files of another user")
	w.clusterRecord(func(r *layout.Record) { r.Inputs = "0" })
	_, err := w.Campaigns().Cleanup(t.Context(), api.CampaignCleanupOptions{Campaigns: []string{w.campaign}, Data: true, Force: true})
	if wrong := (*api.ConflictError)(nil); !errors.As(err, &wrong) || w.bucket.objects[others] == nil {
		t.Errorf("%v; the others have %q", err, w.bucket.objects[others])
	}
}

func TestAnAgentImageOfARecordIsUsedWhenItIsSaidAgain(t *testing.T) {
	t.Parallel()
	const mirror = "mirror.example.com/agent:1"
	for name, tt := range map[string]struct {
		record string
		now    api.CampaignOptions
		want   string // empty: Conflict
	}{
		"a mirror that is given again":          {mirror, api.CampaignOptions{AgentImage: mirror, Version: "v1.1.0"}, mirror},
		"a mirror that is not given":            {mirror, api.CampaignOptions{Version: "v1.1.0"}, ""},
		"the plugin's default is not said":      {mirror, api.CampaignOptions{AgentImage: kube.AgentImageFor("v1.1.0"), Version: "v1.1.0"}, ""},
		"an older release made it":              {kube.AgentImageFor("v1.0.0"), api.CampaignOptions{Version: "v1.1.0"}, kube.AgentImageFor("v1.1.0")},
		"another mirror is given":               {mirror, api.CampaignOptions{AgentImage: "new.example.com/agent:2", Version: "v1.1.0"}, "new.example.com/agent:2"},
		"a repository that only begins as ours": {kube.AgentImage + "-evil:v1.0.0", api.CampaignOptions{Version: "v1.1.0"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.half()
			change := func(r *layout.Record) { r.AgentImage = tt.record }
			w.clusterRecord(change)
			w.storedRecord(change)
			tt.now.ID = w.campaign
			_, err := w.Campaigns().Run(t.Context(), nil, nil, tt.now)
			if tt.want == "" {
				if wrong := (*api.ConflictError)(nil); !errors.As(err, &wrong) || !slices.ContainsFunc(wrong.Remedies, func(r api.Remedy) bool { return slices.Contains(r.Options, "AgentImage="+tt.record) }) {
					t.Errorf("it is no Conflict with a fix: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for key, object := range w.server.objects {
				if m := metaOf(object); m.Labels[kube.LabelKind] == kube.KindRun && m.Annotations[kube.AnnotationRun] == "1" && !bytes.Contains(object, []byte(tt.want)) {
					t.Errorf("%s has no container of %s", key, tt.want)
				}
			}
		})
	}
}

func TestAManifestOfSomethingElseIsNotUsed(t *testing.T) {
	t.Parallel()
	for name, manifest := range map[string]string{
		"that of another task":  `{"version":1,"taskID":"zzzzzzzz","outcome":{"state":"Succeeded"}}`,
		"that of another node":  `{"version":1,"taskID":"abcdefgh","rank":7,"outcome":{"state":"Succeeded"}}`,
		"that of a run":         `{"version":1,"taskID":"abcdefgh","campaign":"c","config":"a","outcome":{"state":"Succeeded"}}`,
		"one with foreign logs": `{"version":1,"taskID":"abcdefgh","logPrefix":"tasks/zzzzzzzz/0/_vast/logs/","outcome":{"state":"Succeeded"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.bucket.objects[layout.NodePrefix(w.other, 0)+layout.InventoryFile] = []byte(manifest)
			list, err := w.Results().List(t.Context(), api.ResultListOptions{Ref: w.other})
			if err != nil {
				t.Fatal(err)
			}
			if r := list.Items[0]; r.Complete || r.State == api.Succeeded || !strings.Contains(r.Reason, "is not used") {
				t.Errorf("it is %+v", r)
			}
		})
	}
}
