package sdk_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

const canary = "canary-password-4711"

// upload are the options of an upload of the task that only the store has.
func (w *world) upload(d api.DryRun) api.ShareUploadOptions {
	return api.ShareUploadOptions{Type: "webdav", Settings: map[string]string{"VAST_SHARE_URL": "https://dav.example.com/results", "VAST_SHARE_PASSWORD": canary},
		Secret: []string{"VAST_SHARE_PASSWORD"}, Refs: []string{w.other}, AgentImage: "example.com/agent:1", DryRun: d}
}

func TestAnUploadIsAJobThatOwnsItsSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, err := w.Shares().Upload(t.Context(), w.upload(api.DryRunNone))
	if err != nil {
		t.Fatal(err)
	}
	if u.State != api.Pending || len(u.Archives) != 1 || u.Archives[0].Archive != "task-"+w.other+".tar.gz" || u.Attached {
		t.Errorf("the upload is %+v", u)
	}
	job, err := w.Kubernetes().BatchV1().Jobs("lab").Get(t.Context(), u.Name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if *job.Spec.Suspend || job.Annotations[kube.AnnotationSubmitting] != "" {
		t.Errorf("the Job is not released: %v", job.Annotations)
	}
	text, _ := json.Marshal(job)
	if strings.Contains(string(text), canary) || strings.Contains(string(text), "dav.example.com") {
		t.Errorf("the Job has settings: %s", text)
	}
	secrets, err := w.Kubernetes().CoreV1().Secrets("lab").List(t.Context(), metav1.ListOptions{LabelSelector: kube.LabelKind + "=" + kube.KindShare})
	if err != nil || len(secrets.Items) != 1 {
		t.Fatalf("%d Secrets, %v", len(secrets.Items), err)
	}
	secret := secrets.Items[0]
	if len(secret.OwnerReferences) != 1 || secret.OwnerReferences[0].UID != job.UID {
		t.Errorf("the Secret belongs to %v", secret.OwnerReferences)
	}
	if !strings.Contains(string(secret.Data[agentspec.ShareSettings]), canary) || job.Spec.Template.Spec.Volumes[0].Secret.SecretName != secret.Name {
		t.Errorf("the pod does not get the settings")
	}
}

func TestASecondUploadFindsTheFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, err := w.Shares().Upload(t.Context(), w.upload(api.DryRunNone))
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.Shares().Upload(t.Context(), w.upload(api.DryRunNone))
	if err != nil || !again.Attached || again.Name != first.Name || again.UID != first.UID {
		t.Errorf("the second one is %+v, %v", again, err)
	}
	other := w.upload(api.DryRunNone)
	other.Force = true
	if _, err := w.Shares().Upload(t.Context(), other); !api.IsConflict(err) || strings.Contains(err.Error(), canary) {
		t.Errorf("with other options: %v", err)
	}
	other = w.upload(api.DryRunNone)
	other.Format = "tar.zst"
	if _, err := w.Shares().Upload(t.Context(), other); !api.IsConflict(err) {
		t.Errorf("with another archive: %v", err)
	}
	other.Settings["VAST_SHARE_URL"] = "https://dav.example.com/elsewhere"
	if u, err := w.Shares().Upload(t.Context(), other); err != nil || u.Name == first.Name {
		t.Errorf("to another share: %+v, %v", u, err)
	}
}

// The address of a public link is a credential, and two links are two shares.
func TestTwoLinksAreTwoUploads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var names []string
	for _, token := range []string{"AbCdEfGhIjKlMnO", "PqRsTuVwXyZaBcD", "AbCdEfGhIjKlMnO"} {
		o := w.upload(api.DryRunNone)
		o.Type, o.Settings, o.Secret = "nextcloud", map[string]string{"VAST_SHARE_URL": "https://cloud.example.com/s/" + token}, []string{"VAST_SHARE_URL"}
		u, err := w.Shares().Upload(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, u.Name)
	}
	if names[0] == names[1] || names[0] != names[2] {
		t.Errorf("the Jobs are %v", names)
	}
}

func TestWhatRunsIsExcludedFromAnUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.upload(api.DryRunNone)
	o.Refs = nil
	_, err := w.Shares().Upload(t.Context(), o)
	if !api.IsConflict(err) || !strings.Contains(err.Error(), w.campaign) || !strings.Contains(err.Error(), "of 4 runs") && !strings.Contains(err.Error(), " runs") {
		t.Errorf("of all campaigns: %v", err)
	}
	o.Refs = []string{w.other, w.campaign}
	u, err := w.Shares().Upload(t.Context(), o)
	if err != nil || len(u.Archives) != 1 || len(u.Excluded) != 1 || u.Excluded[0].Name != w.campaign || !strings.Contains(u.Excluded[0].Reason, "queued") && !strings.Contains(u.Excluded[0].Reason, "pending") {
		t.Errorf("with a finished task: %+v, %v", u, err)
	}
}

func TestBadUploadsAreRefusedBeforeAnythingIsCreated(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*api.ShareUploadOptions)
		kind   func(error) bool
		want   string
	}{
		"a format":            {func(o *api.ShareUploadOptions) { o.Format = "zip" }, api.IsInvalidSpec, "tar.gz or tar.zst"},
		"a part":              {func(o *api.ShareUploadOptions) { o.Refs[0] += "/0" }, api.IsInvalidSpec, "whole campaigns"},
		"a pattern":           {func(o *api.ShareUploadOptions) { o.Refs = []string{"[a"} }, api.IsInvalidSpec, "pattern"},
		"nothing of it":       {func(o *api.ShareUploadOptions) { o.Refs = []string{"zzzzzzzz"} }, api.IsNotFound, "zzzzzzzz"},
		"no campaign matches": {func(o *api.ShareUploadOptions) { o.Refs = []string{"nope-*"} }, api.IsNotFound, "nope-*"},
		"dir without a claim": {func(o *api.ShareUploadOptions) { o.Type = "dir" }, api.IsInvalidSpec, "VAST_SHARE_VOLUME"},
		"a claim elsewhere":   {func(o *api.ShareUploadOptions) { o.Settings["VAST_SHARE_VOLUME"] = "x" }, api.IsInvalidSpec, "type dir"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			o := w.upload(api.DryRunNone)
			c.change(&o)
			_, err := w.Shares().Upload(t.Context(), o)
			if !c.kind(err) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), canary) {
				t.Errorf("the error is %v", err)
			}
			if changed := w.server.changes; len(changed) > 0 {
				t.Errorf("it changed %v", changed)
			}
		})
	}
}

// report stores what the agent would.
func (w *world) report(u *api.ShareUpload, ended bool, items ...api.ShareItem) {
	r := layout.ShareReport{Version: layout.ShareFormat, Job: u.Name, JobUID: string(u.UID), Namespace: "lab", ShareType: u.ShareType,
		Started: time.Now().Add(-time.Minute), Updated: time.Now(), Items: items}
	if ended {
		r.Ended = time.Now()
	}
	data, _ := json.Marshal(r)
	w.bucket.mu.Lock()
	defer w.bucket.mu.Unlock()
	w.bucket.objects[layout.ShareReportKey(u.Name)] = data
}

func TestTheStatusOfAnUploadSurvivesItsJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, err := w.Shares().Upload(t.Context(), w.upload(api.DryRunNone))
	if err != nil {
		t.Fatal(err)
	}
	get := func() *api.ShareUpload {
		t.Helper()
		now, err := w.Shares().Get(t.Context(), u.Name)
		if err != nil {
			t.Fatal(err)
		}
		return now
	}
	if now := get(); now.State != api.Pending || now.Archives[0].Phase != "Waiting" {
		t.Errorf("before the pod has started: %+v", now)
	}
	w.report(u, false, api.ShareItem{Name: w.other, Phase: "Uploading", Size: 10, Done: 5})
	if now := get(); now.State != api.Running || now.Archives[0].Done != 5 {
		t.Errorf("while it runs: %+v", now)
	}
	w.report(u, true, api.ShareItem{Name: w.other, Phase: "Failed", Reason: "the disk is full"})
	if now := get(); now.State != api.Failed || !strings.Contains(now.Reason, "1 of 1 failed") {
		t.Errorf("at the end: %+v", now)
	}
	if err := w.Kubernetes().BatchV1().Jobs("lab").Delete(t.Context(), u.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	list, err := w.Shares().List(t.Context())
	if err != nil || len(list.Items) != 1 || list.Items[0].State != api.Failed || list.Items[0].Archives[0].Reason != "the disk is full" {
		t.Errorf("without the Job: %+v, %v", list, err)
	}
	w.report(u, false, api.ShareItem{Name: w.other, Phase: "Uploading"})
	if now := get(); now.State != api.Failed || !strings.Contains(now.Reason, "deleted") {
		t.Errorf("without the Job and an end: %+v", now)
	}
	if _, err := w.Shares().Get(t.Context(), "share-nope"); !api.IsNotFound(err) {
		t.Errorf("of no upload: %v", err)
	}
}

func TestWatchEndsWithTheUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, err := w.Shares().Upload(t.Context(), w.upload(api.DryRunNone))
	if err != nil {
		t.Fatal(err)
	}
	var seen []api.State
	for now, err := range w.Shares().Watch(t.Context(), u.Name) {
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, now.State)
		w.report(u, len(seen) > 1, api.ShareItem{Name: w.other, Phase: "Uploaded"})
	}
	if len(seen) != 3 || seen[2] != api.Succeeded {
		t.Errorf("seen %v", seen)
	}
}

// The pod of an upload that has ended needs a moment until its Job has ended, too.
func TestAnUploadThatHasReportedItsEndIsReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, err := w.Shares().Upload(t.Context(), w.upload(api.DryRunNone))
	if err != nil {
		t.Fatal(err)
	}
	w.report(first, true, api.ShareItem{Name: w.other, Phase: "Uploaded"})
	o := w.upload(api.DryRunNone)
	o.Force = true
	second, err := w.Shares().Upload(t.Context(), o)
	if err != nil || second.Attached {
		t.Errorf("%+v, %v", second, err)
	}
}

func TestAnUploadIsStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.Shares().Stop(t.Context(), "", api.ShareStopOptions{}); !api.IsNotFound(err) {
		t.Errorf("without an upload: %v", err)
	}
	options := w.upload(api.DryRunNone)
	u, err := w.Shares().Upload(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	options.Settings = map[string]string{"VAST_SHARE_URL": "https://dav.example.org/results"}
	second, err := w.Shares().Upload(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Shares().Stop(t.Context(), "", api.ShareStopOptions{}); !api.IsConflict(err) || !strings.Contains(err.Error(), u.Name) || !strings.Contains(err.Error(), second.Name) {
		t.Errorf("of two: %v", err)
	}
	w.report(u, false, api.ShareItem{Name: w.other, Phase: "Uploading"})
	if last, err := w.Shares().Stop(t.Context(), u.Name, api.ShareStopOptions{}); err != nil || last.State != api.Failed || len(last.Archives) != 1 || !strings.Contains(last.Reason, "stopped") {
		t.Errorf("the first: %+v, %v", last, err)
	}
	if _, err := w.Shares().Stop(t.Context(), u.Name, api.ShareStopOptions{}); !api.IsConflict(err) {
		t.Errorf("again: %v", err)
	}
	if last, err := w.Shares().Stop(t.Context(), "", api.ShareStopOptions{}); err != nil || last.Name != second.Name || last.State != api.Failed {
		t.Errorf("the other one, without a report: %+v, %v", last, err)
	}
	jobs, err := w.Kubernetes().BatchV1().Jobs("lab").List(t.Context(), metav1.ListOptions{LabelSelector: kube.LabelKind + "=" + kube.KindShare})
	if err != nil || len(jobs.Items) > 0 {
		t.Errorf("%d Jobs are left, %v", len(jobs.Items), err)
	}
}

func TestAnArchiveIsFoundAndUnpacked(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	const name = "sweep-2026-11-21-101500"
	var content bytes.Buffer
	zipped := gzip.NewWriter(&content)
	archive := tar.NewWriter(zipped)
	for _, err := range []error{archive.WriteHeader(&tar.Header{Name: name + "/data", Size: 4, Mode: 0o644}), func() error { _, err := archive.Write([]byte("data")); return err }(),
		archive.Close(), zipped.Close(), os.WriteFile(filepath.Join(root, name+".tar.gz"), content.Bytes(), 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	definition, err := sdk.ShareProviders().Lookup("dir")
	if err != nil {
		t.Fatal(err)
	}
	p, err := definition.Open(t.Context(), share.Settings{"VAST_SHARE_PATH": root})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, refs := range [][]string{nil, {"sweep"}, {"@latest"}, {"*"}} {
		if found, err := sdk.FindArchives(t.Context(), p, refs...); err != nil || len(found) != 1 || found[0].Name != name+".tar.gz" {
			t.Errorf("%q: %+v, %v", refs, found, err)
		}
	}
	out := t.TempDir()
	found, err := sdk.FindArchives(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	made, err := sdk.FetchArchive(t.Context(), p, found[0], sdk.ArchiveOptions{Dir: out})
	if err != nil || !slices.Equal(made, []string{name}) {
		t.Fatalf("%q, %v", made, err)
	}
	if data, err := os.ReadFile(filepath.Join(out, name, "data")); err != nil || string(data) != "data" {
		t.Errorf("%q, %v", data, err)
	}
}
