package share_test

import (
	"context"
	"encoding/json"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/sdktest"
)

// settings writes a file .env for a share of type dir into a folder above the current one, and
// returns the share.
func settings(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	share, below := filepath.Join(root, "share"), filepath.Join(root, "a", "b")
	for _, dir := range []string{share, below} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	text := "VAST_SHARE_TYPE=dir\nVAST_SHARE_PATH=" + share + "\nVAST_SHARE_VOLUME=claim\n"
	if err := os.WriteFile(filepath.Join(root, ".env"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(below)
	return share
}

func uploadOf(state api.State, items ...api.ShareItem) *api.ShareUpload {
	return &api.ShareUpload{TypeMeta: api.TypeMeta[api.ShareUpload](), ObjectMeta: metav1.ObjectMeta{Name: "share-dir-x", Namespace: "default"},
		ShareType: "dir", State: state, Archives: items}
}

// watching yields these one after the other.
func watching(all ...*api.ShareUpload) func(context.Context, string) iter.Seq2[*api.ShareUpload, error] {
	return func(context.Context, string) iter.Seq2[*api.ShareUpload, error] {
		return func(yield func(*api.ShareUpload, error) bool) {
			for _, u := range all {
				if !yield(u, nil) {
					return
				}
			}
		}
	}
}

const mib = 1 << 20

func TestUploadPrintsLinesAndTheEnd(t *testing.T) {
	settings(t)
	var asked api.ShareUploadOptions
	item := func(phase string, done int64) api.ShareItem {
		return api.ShareItem{Name: "a-2026-11-21-101500", Phase: phase, Size: 2 * mib, Done: done, Verified: "sha256"}
	}
	shares := sdktest.Shares{
		OnUpload: func(_ context.Context, o api.ShareUploadOptions) (*api.ShareUpload, error) {
			asked = o
			u := uploadOf(api.Pending, item("Waiting", 0))
			u.Excluded = []api.ShareItem{{Name: "b-2026-11-21-101500", Reason: "2 running, 3 queued of 26 runs"}}
			return u, nil
		},
		OnWatch: watching(uploadOf(api.Running, item("Uploading", mib)), uploadOf(api.Running, item("Uploading", mib+1000)),
			uploadOf(api.Running, item("Uploading", 2*mib*6/10+1)), uploadOf(api.Succeeded, item("Uploaded", 2*mib))),
	}
	r := cmdtest.Plugin(&clitest.Client{Share: shares}).Do(t, "share", "upload", "a*", "--force", "--format=tar.zst", "--keep-archive", "--remove-from-store")
	if want := "✓ Uploaded 1 campaign(s) to dir successfully!\n"; r.Out != want || r.Code != 0 {
		t.Errorf("exit code %d, %q\n%s", r.Code, r.Out, r.Err)
	}
	want := `Excluded, not ended (1):
  b-2026-11-21-101500 (2 running, 3 queued of 26 runs)
a-2026-11-21-101500 [██████████░░░░░░░░░░] 50.0% 1.0 MiB/2.0 MiB
a-2026-11-21-101500 [████████████░░░░░░░░] 60.0% 1.2 MiB/2.0 MiB
a-2026-11-21-101500 uploaded (2.0 MiB) ✓ verified by sha256
`
	if _, got, _ := strings.Cut(r.Err, "\n"); got != want {
		t.Error(cmp.Diff(want, got))
	}
	if asked.Type != "dir" || !asked.Force || !asked.KeepArchive || !asked.RemoveFromStore || asked.Format != "tar.zst" || asked.Settings["VAST_SHARE_VOLUME"] != "claim" || len(asked.Refs) != 1 {
		t.Errorf("it asked for %+v", asked)
	}
}

func TestAFailedUploadHasAllReasonsAndExitCode1(t *testing.T) {
	settings(t)
	shares := sdktest.Shares{
		OnUpload: func(context.Context, api.ShareUploadOptions) (*api.ShareUpload, error) {
			return uploadOf(api.Pending), nil
		},
		OnWatch: watching(uploadOf(api.Failed, api.ShareItem{Name: "a", Phase: "Failed", Reason: "the disk is full"},
			api.ShareItem{Name: "b", Phase: "Uploaded"}, api.ShareItem{Name: "c", Phase: "Failed", Reason: "no such bucket"})),
	}
	for _, args := range [][]string{{"share", "upload"}, {"share", "upload", "-o", "json"}} {
		r := cmdtest.Plugin(&clitest.Client{Share: shares}).Do(t, args...)
		if r.Code != 1 || !strings.Contains(r.Err, "error: a: the disk is full\n") || !strings.Contains(r.Err, "error: c: no such bucket\n") || strings.Contains(r.Out, "successfully") {
			t.Errorf("%v: exit code %d\n%s%s", args, r.Code, r.Out, r.Err)
		}
		if len(args) > 2 {
			var u api.ShareUpload
			if err := json.Unmarshal([]byte(r.Out), &u); err != nil || u.Kind != "ShareUpload" || len(u.Archives) != 3 {
				t.Errorf("%v: %+v\n%s", err, u, r.Out)
			}
		}
	}
	// The Job itself failed, and no item has a reason.
	failed := uploadOf(api.Failed, api.ShareItem{Name: "a", Phase: "Waiting"})
	failed.Reason = "the image cannot be pulled"
	shares.OnWatch = watching(failed)
	if r := cmdtest.Plugin(&clitest.Client{Share: shares}).Do(t, "share", "upload"); r.Code != 1 || !strings.Contains(r.Err, "the image cannot be pulled") {
		t.Errorf("exit code %d\n%s", r.Code, r.Err)
	}
}

func TestUploadWithoutWaitingPrintsHowToFollow(t *testing.T) {
	settings(t)
	shares := sdktest.Shares{OnUpload: func(_ context.Context, o api.ShareUploadOptions) (*api.ShareUpload, error) {
		return uploadOf(api.Pending), nil
	}}
	r := cmdtest.Plugin(&clitest.Client{Share: shares}).Do(t, "share", "upload", "--wait=false")
	if r.Code != 0 || r.Out != "shareupload.kubevast.io/share-dir-x created\n" || !strings.Contains(r.Err, "kubectl vast share status share-dir-x --watch") {
		t.Errorf("exit code %d, %q, %q", r.Code, r.Out, r.Err)
	}
	if r := cmdtest.Plugin(&clitest.Client{Share: shares}).Do(t, "share", "upload", "--dry-run=server"); r.Out != "shareupload.kubevast.io/share-dir-x created (server dry run)\n" {
		t.Errorf("%q, %q", r.Out, r.Err)
	}
}

func TestMissingSettingsAreReportedBeforeTheClusterIsAsked(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range [][]string{{"upload"}, {"list"}, {"download", "x"}, {"remove", "x"}, {"doctor"}} {
		r := cmdtest.Plugin(nil).Do(t, append([]string{"share"}, args...)...)
		if r.Code != 2 || !strings.Contains(r.Err, "VAST_SHARE_TYPE: it is missing") || !strings.Contains(r.Err, "webdav") {
			t.Errorf("%v: exit code %d\n%s", args, r.Code, r.Err)
		}
	}
}

func TestAShareIsUsedWithoutACluster(t *testing.T) {
	dir := settings(t)
	for _, name := range []string{"a-2026-11-21-101500.tar.gz", "b-2026-11-22-101500.tar.gz", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, 2048), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(dir, name), time.Time{}, clitest.Now.Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	plugin := cmdtest.Plugin(nil)
	r := plugin.Do(t, "share", "list")
	want := `NAME                  SIZE      AGE   ARCHIVE
a-2026-11-21-101500   2.0 KiB   60m   a-2026-11-21-101500.tar.gz
b-2026-11-22-101500   2.0 KiB   60m   b-2026-11-22-101500.tar.gz
`
	if diff := cmp.Diff(want, r.Out); diff != "" || r.Code != 0 {
		t.Errorf("exit code %d, %s\n%s", r.Code, r.Err, diff)
	}
	if r := plugin.Do(t, "share", "list", "-o", "name"); r.Out != "sharearchive.kubevast.io/a-2026-11-21-101500.tar.gz\nsharearchive.kubevast.io/b-2026-11-22-101500.tar.gz\n" {
		t.Errorf("-o name prints %q, %q", r.Out, r.Err)
	}
	if r := plugin.Do(t, "share", "remove", "a"); r.Code != 2 || !strings.Contains(r.Err, "--yes") {
		t.Errorf("without a terminal: exit code %d\n%s", r.Code, r.Err)
	}
	if r := plugin.Do(t, "share", "remove", "nope", "-y"); r.Code != 3 {
		t.Errorf("of nothing: exit code %d\n%s", r.Code, r.Err)
	}
	plugin.Stdin, plugin.Terminal = "n\n", true
	if r := plugin.Do(t, "share", "remove", "a"); r.Code != 0 || !strings.Contains(r.Err, "a-2026-11-21-101500.tar.gz") || !strings.Contains(r.Err, "nothing was changed") {
		t.Errorf("after no: exit code %d\n%s", r.Code, r.Err)
	}
	plugin.Terminal = false
	if r := plugin.Do(t, "share", "remove", "a", "--yes"); r.Code != 0 || r.Out != "sharearchive.kubevast.io/a-2026-11-21-101500.tar.gz removed\n" {
		t.Errorf("exit code %d, %q\n%s", r.Code, r.Out, r.Err)
	}
	if _, err := os.Stat(filepath.Join(dir, "a-2026-11-21-101500.tar.gz")); err == nil {
		t.Error("it is still there")
	}
	if r := plugin.Do(t, "share", "download", "b", "--no-unpack", "-d", "out", "-o", "json"); r.Code != 0 || !strings.Contains(r.Out, `"paths"`) {
		t.Errorf("exit code %d, %q\n%s", r.Code, r.Out, r.Err)
	}
	if r := plugin.Do(t, "share", "download", "b", "--output", "./out"); r.Code != 2 || !strings.Contains(r.Err, "the folder is --dir") {
		t.Errorf("a folder as --output: exit code %d, %q\n%s", r.Code, r.Out, r.Err)
	}
	if r := plugin.Do(t, "share", "doctor"); r.Code != 0 || strings.Count(r.Out, "OK ") != 6 {
		t.Errorf("exit code %d\n%s%s", r.Code, r.Out, r.Err)
	}
}

func TestStatusShowsEachItemWithItsReason(t *testing.T) {
	u := uploadOf(api.Failed, api.ShareItem{Name: "a", Phase: "Failed", Reason: "the disk is full", Kept: true}, api.ShareItem{Name: "b", Phase: "Uploaded", Size: mib, Verified: "md5"})
	u.Reason = "1 of 2 failed"
	started := clitest.Ago(time.Minute)
	u.StartTime = &started
	shares := sdktest.Shares{
		OnList: func(context.Context) (*api.ShareUploadList, error) {
			return &api.ShareUploadList{TypeMeta: api.TypeMeta[api.ShareUploadList](), Items: []api.ShareUpload{*u}}, nil
		},
		OnGet: func(context.Context, string) (*api.ShareUpload, error) { return u, nil },
	}
	plugin := cmdtest.Plugin(&clitest.Client{Share: shares})
	if r := plugin.Do(t, "share", "status"); r.Code != 0 || !strings.Contains(r.Out, "share-dir-x   dir     Failed   1/2    1        60s") {
		t.Errorf("exit code %d\n%s%s", r.Code, r.Out, r.Err)
	}
	r := plugin.Do(t, "share", "status", "shareupload.kubevast.io/share-dir-x")
	for _, want := range []string{"State:   Failed: 1 of 2 failed\n", "a failed: the disk is full (the archive is kept in the store)\n", "b uploaded (1.0 MiB) ✓ verified by md5\n"} {
		if !strings.Contains(r.Out, want) {
			t.Errorf("%q is missing in\n%s", want, r.Out)
		}
	}
	if r := plugin.Do(t, "share", "status", "--watch"); r.Code != 2 {
		t.Errorf("--watch without a name: exit code %d", r.Code)
	}
	if r := plugin.Do(t, "share", "status", "share-dir-x", "--watch"); r.Code != 1 {
		t.Errorf("--watch of a failed one: exit code %d", r.Code)
	}
}

func TestStopPrintsWhatCameOfIt(t *testing.T) {
	asked := "none"
	last := uploadOf(api.Failed)
	shares := sdktest.Shares{OnStop: func(_ context.Context, name string, _ api.ShareStopOptions) (*api.ShareUpload, error) {
		asked = name
		return last, nil
	}}
	r := cmdtest.Plugin(&clitest.Client{Share: shares}).Do(t, "share", "stop", "shareupload.kubevast.io/share-dir-x")
	if asked != "share-dir-x" || r.Out != "shareupload.kubevast.io/share-dir-x stopped\n" || r.Code != 0 {
		t.Errorf("it stops %q: exit code %d, %q\n%s", asked, r.Code, r.Out, r.Err)
	}
	last = uploadOf(api.Succeeded)
	r = cmdtest.Plugin(&clitest.Client{Share: shares}).Do(t, "share", "stop")
	if asked != "" || r.Out != "share-dir-x has ended before: Succeeded\n" || r.Code != 0 {
		t.Errorf("it stops %q: exit code %d, %q\n%s", asked, r.Code, r.Out, r.Err)
	}
}
