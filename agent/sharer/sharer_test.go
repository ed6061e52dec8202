package sharer

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/share/dir"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

const (
	one = "one-2026-11-21-101500"
	two = "two-2026-11-21-101500"
)

// world is a store with two campaigns, and a share.
type world struct {
	t      *testing.T
	root   string // of the store
	store  store.Backend
	share  string
	orders agentspec.Share
	// provider wraps the share's; nil for itself.
	wrap func(share.ShareProvider) share.ShareProvider
}

func newWorld(t *testing.T) *world {
	t.Helper()
	root := t.TempDir()
	b, err := store.OpenDir(root)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, root: root, store: b, share: t.TempDir(), orders: agentspec.Share{Job: "share-dir-x", Namespace: "lab", User: "ann", Type: "dir"}}
	for _, c := range []string{one, two} {
		w.put(layout.RecordKey(c), "{}")
		w.put(layout.CampaignPrefix(c)+"_config/a.vast", "a: 1")
		w.put(layout.RunPrefix(c, "fast", 0)+"data.txt", "data of "+c)
		w.orders.Items = append(w.orders.Items, agentspec.ShareItem{Campaign: c, Folder: c, Archive: c + ".tar.gz"})
	}
	return w
}

func (w *world) put(key, content string) {
	w.t.Helper()
	if _, err := w.store.Put(w.t.Context(), key, strings.NewReader(content), int64(len(content)), store.PutOptions{}); err != nil {
		w.t.Fatal(err)
	}
}

// run runs the Job, and returns its report.
func (w *world) run(ctx context.Context) *layout.ShareReport {
	w.t.Helper()
	settings := share.Settings{"VAST_SHARE_PATH": w.share}
	p, err := dir.Definition().Open(ctx, settings)
	if err != nil {
		w.t.Fatal(err)
	}
	defer p.Close()
	if w.wrap != nil {
		p = w.wrap(p)
	}
	err = Run(ctx, Options{Orders: w.orders, JobUID: "uid", Provider: p, Settings: settings, Store: w.store, Log: w.t.Logf, Patience: 5 * time.Second})
	if err != nil && ctx.Err() == nil {
		w.t.Fatal(err)
	}
	body, _, err := w.store.Get(w.t.Context(), layout.ShareReportKey(w.orders.Job), 0)
	if err != nil {
		w.t.Fatal(err)
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	if err != nil {
		w.t.Fatal(err)
	}
	report, err := layout.ParseShareReport(data)
	if err != nil {
		w.t.Fatal(err)
	}
	return report
}

// next makes the following run another Job.
func (w *world) next() { _ = w.store.Delete(w.t.Context(), layout.ShareReportKey(w.orders.Job)) }

func phases(r *layout.ShareReport) string {
	var all []string
	for _, i := range r.Items {
		all = append(all, i.Phase)
	}
	return strings.Join(all, " ")
}

func (w *world) onShare() []string {
	w.t.Helper()
	entries, err := os.ReadDir(w.share)
	if err != nil {
		w.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func (w *world) keys(prefix string) []string {
	w.t.Helper()
	var keys []string
	for o, err := range w.store.List(w.t.Context(), prefix, store.ListOptions{}) {
		if err != nil {
			w.t.Fatal(err)
		}
		keys = append(keys, o.Key)
	}
	return keys
}

func TestAnUploadSendsAllAndASecondOneSkipsThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run(t.Context())
	if phases(r) != "Uploaded Uploaded" || r.Ended.IsZero() || r.Items[0].Verified != "sha256" || r.Items[0].Kept {
		t.Errorf("report %+v", r)
	}
	if got := w.onShare(); !slices.Equal(got, []string{one + ".tar.gz", two + ".tar.gz"}) {
		t.Errorf("the share has %v", got)
	}
	if got := w.keys(layout.Archives); !slices.Equal(got, []string{"archives/_uploads/share-dir-x.json", "archives/" + one + ".tar.gz.json", "archives/" + two + ".tar.gz.json"}) {
		t.Errorf("the store keeps %v", got)
	}
	w.next()
	if r = w.run(t.Context()); phases(r) != "Skipped Skipped" || r.Items[0].Verified != "size only" {
		t.Errorf("the second report is %+v", r)
	}
	// The record counts for the results of which the archive was built only.
	w.next()
	w.put(layout.RunPrefix(one, "fast", 1)+"more.txt", "more")
	r = w.run(t.Context())
	if phases(r) != "Failed Skipped" || !strings.Contains(r.Items[0].Reason, "another archive") || !r.Items[0].Kept {
		t.Errorf("after a change the report is %+v", r)
	}
	w.next()
	w.orders.Force, w.orders.KeepArchive = true, true
	if r = w.run(t.Context()); phases(r) != "Uploaded Uploaded" || !r.Items[0].Kept {
		t.Errorf("by force the report is %+v", r)
	}
	if _, err := w.store.Stat(t.Context(), layout.ArchiveKey(one+".tar.gz")); err != nil {
		t.Errorf("the archive was to be kept: %v", err)
	}
}

// faulty changes what a provider does.
type faulty struct {
	share.ShareProvider
	stat   func() error
	upload func(o share.UploadOptions) error
}

func (f *faulty) Stat(ctx context.Context, name string) (share.Object, error) {
	if f.stat != nil {
		if err := f.stat(); err != nil {
			return share.Object{}, err
		}
	}
	return f.ShareProvider.Stat(ctx, name)
}

func (f *faulty) Upload(ctx context.Context, name string, source share.Source, o share.UploadOptions) (share.Object, error) {
	if f.upload != nil {
		if err := f.upload(o); err != nil {
			return share.Object{}, err
		}
	}
	object, err := f.ShareProvider.Upload(ctx, name, source, o)
	object.Checksums = share.Checksums{} // as of a server that vouches for nothing
	return object, err
}

func TestRefusedCredentialsAreTriedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(layout.ArchiveKey(one+".tar.gz"), "an archive of before")
	asked := 0
	w.wrap = func(p share.ShareProvider) share.ShareProvider {
		return &faulty{ShareProvider: p, stat: func() error {
			asked++
			return &api.ForbiddenError{Message: "the server refuses the password"}
		}}
	}
	r := w.run(t.Context())
	if phases(r) != "Failed Failed" || asked != 1 || !strings.Contains(r.Items[1].Reason, "not tried") || !strings.Contains(r.Items[0].Reason, "refuses the password") {
		t.Errorf("%d questions, report %+v", asked, r)
	}
	if _, err := w.store.Stat(t.Context(), layout.ArchiveKey(one+".tar.gz")); err != nil {
		t.Errorf("the archive is gone: %v", err)
	}
}

func TestAFailureKeepsArchiveAndResultsAndTheNextOneIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.orders.RemoveFromStore = true
	failing := true
	w.wrap = func(p share.ShareProvider) share.ShareProvider {
		return &faulty{ShareProvider: p, upload: func(share.UploadOptions) error {
			if failing {
				failing = false
				return &api.UnavailableError{Message: "no space left on the share"}
			}
			return nil
		}}
	}
	r := w.run(t.Context())
	if phases(r) != "Failed Uploaded" || !strings.Contains(r.Items[0].Reason, "no space") || r.Items[0].Removed || !r.Items[1].Removed || r.Items[1].Verified != "sha256" {
		t.Errorf("report %+v", r)
	}
	if got := w.keys(layout.CampaignPrefix(one)); len(got) != 3 {
		t.Errorf("of the failed one the store has %v", got)
	}
	if got := w.keys(layout.CampaignPrefix(two)); !slices.Equal(got, []string{layout.CampaignPrefix(two) + "_config/a.vast", layout.RecordKey(two)}) {
		t.Errorf("of the other one the store has %v", got)
	}
	built, err := w.store.Stat(t.Context(), layout.ArchiveKey(one+".tar.gz"))
	if err != nil {
		t.Fatalf("the archive is gone: %v", err)
	}
	w.next()
	w.orders.Items = w.orders.Items[:1]
	w.orders.KeepArchive = true
	if r = w.run(t.Context()); phases(r) != "Uploaded" {
		t.Errorf("the retry's report is %+v", r)
	}
	if again, err := w.store.Stat(t.Context(), layout.ArchiveKey(one+".tar.gz")); err != nil || !again.Modified.Equal(built.Modified) {
		t.Errorf("the archive was built again: %v, %v", again, err)
	}
}

// What is left of a campaign whose results were removed must not replace its archive.
func TestRemovedResultsAreNotArchivedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.orders.RemoveFromStore = true
	w.orders.Items = w.orders.Items[:1]
	if r := w.run(t.Context()); phases(r) != "Uploaded" || !r.Items[0].Removed {
		t.Fatalf("report %+v", r)
	}
	before, err := os.ReadFile(filepath.Join(w.share, one+".tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	// An interrupted removal leaves some of the results.
	old := time.Now().Add(-time.Hour)
	for _, c := range []struct {
		force, remove bool
		left          int
	}{{}, {force: true}, {left: 1}, {left: 1, force: true}, {left: 1, remove: true}} {
		w.next()
		w.orders.Force, w.orders.RemoveFromStore = c.force, c.remove
		rest := layout.RunPrefix(one, "fast", 0) + "rest.txt"
		if c.left > 0 {
			w.put(rest, "rest")
			if err := os.Chtimes(filepath.Join(w.root, filepath.FromSlash(rest)), old, old); err != nil {
				t.Fatal(err)
			}
		}
		r := w.run(t.Context())
		if now, err := os.ReadFile(filepath.Join(w.share, one+".tar.gz")); phases(r) != "Skipped" || err != nil || !bytes.Equal(now, before) {
			t.Errorf("%+v: the share has %d bytes instead of %d, %v; report %+v", c, len(now), len(before), err, r)
		}
		if got := len(w.keys(layout.RunPrefix(one, "fast", 0))); c.remove && got != 0 {
			t.Errorf("the removal was not completed: %d are left", got)
		}
	}
	if err := os.Remove(filepath.Join(w.share, one+".tar.gz")); err != nil {
		t.Fatal(err)
	}
	w.next()
	if r := w.run(t.Context()); phases(r) != "Failed" || !strings.Contains(r.Items[0].Reason, "were removed from the store") {
		t.Errorf("without an archive the report is %+v", r)
	}
	w.next()
	w.put(layout.RunPrefix(one, "fast", 0)+"new.txt", "of another run")
	if r := w.run(t.Context()); phases(r) != "Uploaded" {
		t.Errorf("with new results the report is %+v", r)
	}
}

func TestResultsThatChangedAreNotRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.orders.RemoveFromStore = true
	w.orders.Items = w.orders.Items[:1]
	w.wrap = func(p share.ShareProvider) share.ShareProvider {
		return &faulty{ShareProvider: p, upload: func(share.UploadOptions) error {
			w.put(layout.RunPrefix(one, "fast", 0)+"late.txt", "late")
			return nil
		}}
	}
	r := w.run(t.Context())
	if phases(r) != "Failed" || !strings.Contains(r.Items[0].Reason, "changed after the archive was built") {
		t.Errorf("report %+v", r)
	}
	if got := w.keys(layout.RunPrefix(one, "fast", 0)); len(got) != 2 {
		t.Errorf("the store has %v", got)
	}
}

// The pod is killed while the first archive is sent: the next pod of the Job continues.
func TestTheNextPodContinuesWithTheState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	const session = "https://upload.example.com/session?id=canary-4711"
	w.wrap = func(p share.ShareProvider) share.ShareProvider {
		return &faulty{ShareProvider: p, upload: func(o share.UploadOptions) error {
			if err := o.State.Save(ctx, session); err != nil {
				return err
			}
			cancel()
			return ctx.Err()
		}}
	}
	w.run(ctx)
	for _, key := range w.keys(layout.Archives) {
		body, _, err := w.store.Get(t.Context(), key, 0)
		if err != nil {
			t.Fatal(err)
		}
		data, _ := io.ReadAll(body)
		_ = body.Close()
		if strings.Contains(string(data), "canary") {
			t.Errorf("%s has the session in clear", key)
		}
	}
	loaded := ""
	w.wrap = func(p share.ShareProvider) share.ShareProvider {
		return &faulty{ShareProvider: p, upload: func(o share.UploadOptions) error {
			text, err := o.State.Load(t.Context())
			if loaded == "" {
				loaded = text
			}
			return err
		}}
	}
	if r := w.run(t.Context()); phases(r) != "Uploaded Uploaded" || loaded != session {
		t.Errorf("state %q, report %+v", loaded, r)
	}
	for _, key := range w.keys(layout.Archives) {
		if strings.Contains(key, ".upload-") {
			t.Errorf("%s is left", key)
		}
	}
	// And another pod of this Job sends nothing again.
	w.wrap = func(p share.ShareProvider) share.ShareProvider {
		return &faulty{ShareProvider: p, stat: func() error { return fmt.Errorf("asked again") }}
	}
	if r := w.run(t.Context()); phases(r) != "Uploaded Uploaded" {
		t.Errorf("report %+v", r)
	}
}

func TestAStateOfOtherSettingsOrContentIsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	of := func(password, sum string) share.State {
		return newStates(Options{Orders: w.orders, Store: w.store, Settings: share.Settings{"VAST_SHARE_PASSWORD": password}}).of(one, sum)
	}
	if err := of("a", "1").Save(t.Context(), "secret"); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ password, sum, want string }{
		"the same": {"a", "1", "secret"}, "another password": {"b", "1", ""}, "another content": {"a", "2", ""},
	} {
		if got, err := of(c.password, c.sum).Load(t.Context()); got != c.want || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestAFolderOfTheNameIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.orders.Force = true
	inside := filepath.Join(w.share, one+".tar.gz", "file")
	if err := os.MkdirAll(filepath.Dir(inside), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(inside, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := w.run(t.Context()); phases(r) != "Failed Uploaded" || !strings.Contains(r.Items[0].Reason, "folder") {
		t.Errorf("report %+v", r)
	}
	if _, err := os.Stat(inside); err != nil {
		t.Error(err)
	}
}
