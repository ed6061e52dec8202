package gdrive_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/kubevast/vast/internal/share/google/googletest"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

func TestAFolderOfMyDriveHasNoStorage(t *testing.T) {
	d, _ := lab(t)
	p := open(t, d, d.MyFolder)
	kept := &googletest.State{}
	_, err := p.Upload(t.Context(), name, googletest.Source(googletest.Bytes(mib, 11)), share.UploadOptions{State: kept})
	if !api.IsInvalidSpec(err) || !strings.Contains(err.Error(), "Shared Drive") || !strings.Contains(err.Error(), googletest.Email) || d.Received() != 0 || kept.Text != "" {
		t.Errorf("got %v, %d bytes were sent, state %q", err, d.Received(), kept.Text)
	}
	d.Put(t, d.MyFolder, name, googletest.Bytes(10, 12))
	checkStored(t, p, googletest.Bytes(10, 12))
}

func TestAFullSharedDriveIsNoWrongSetting(t *testing.T) {
	d, p := lab(t)
	d.SetHook(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"error":{"code":403,"message":"The user's Drive storage quota has been exceeded.","errors":[{"reason":"storageQuotaExceeded"}]}}`)
		return true
	})
	kept := &googletest.State{}
	_, err := p.Upload(t.Context(), name, googletest.Source(googletest.Bytes(mib, 13)), share.UploadOptions{State: kept})
	if !api.IsUnavailable(err) || strings.Count(err.Error(), "cannot") != 1 || d.Sessions() != 0 || kept.Text != "" {
		t.Errorf("got %v, %d sessions are left, state %q", err, d.Sessions(), kept.Text)
	}
}

func TestTooManyRequestsAreATemporaryError(t *testing.T) {
	for _, c := range []struct {
		code   int
		reason string
	}{{403, "userRateLimitExceeded"}, {403, "rateLimitExceeded"}, {429, "rateLimitExceeded"}, {500, "backendError"}} {
		d, p := lab(t)
		d.SetHook(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPut {
				return false
			}
			w.WriteHeader(c.code)
			_, _ = fmt.Fprintf(w, `{"error":{"code":%d,"message":"Rate Limit Exceeded","errors":[{"reason":%q}]}}`, c.code, c.reason)
			return true
		})
		kept, data := &googletest.State{}, googletest.Bytes(mib, 14)
		if _, err := p.Upload(t.Context(), name, googletest.Source(data), share.UploadOptions{State: kept}); !googletest.IsTemporary(err) || kept.Text == "" {
			t.Errorf("%d %s: got %v, state %q", c.code, c.reason, err, kept.Text)
		}
		d.SetHook(nil)
		upload(t, p, data, share.UploadOptions{State: kept})
	}
}

func TestAFolderThatIsNotOneIsAWrongSetting(t *testing.T) {
	d, _ := lab(t)
	for title, c := range map[string]struct{ id, want string }{
		"a folder that is not shared": {"1aaaaaaaaaaaaaaaaaaa", "does not exist, or is not shared with"},
		"a file":                      {d.Put(t, d.Folder, "x", nil), "is not a folder"},
	} {
		t.Run(title, func(t *testing.T) {
			p := open(t, d, c.id)
			_, stat := p.Stat(t.Context(), name)
			_, uploaded := p.Upload(t.Context(), name, googletest.Source(nil), share.UploadOptions{})
			for _, err := range []error{stat, uploaded} {
				if !api.IsInvalidSpec(err) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v", err)
				}
			}
		})
	}
}

func TestContentThatDiffersFromItsChecksumIsRemoved(t *testing.T) {
	d, p := lab(t)
	wrong := googletest.Source(googletest.Bytes(mib, 15))
	wrong.Checksums = googletest.Source(googletest.Bytes(mib, 16)).Checksums
	kept := &googletest.State{}
	_, err := p.Upload(t.Context(), name, wrong, share.UploadOptions{State: kept})
	if err == nil || googletest.IsTemporary(err) || !strings.Contains(err.Error(), "moved to the trash") {
		t.Errorf("got %v", err)
	}
	if got := d.Files(d.Folder); len(got) != 0 || kept.Text != "" {
		t.Errorf("left: %q, state %q", got, kept.Text)
	}
}
