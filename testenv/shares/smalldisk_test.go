package shares

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// counted counts the downloads of a provider.
type counted struct {
	share.ShareProvider
	downloads int
}

func (c *counted) Download(ctx context.Context, name string, w io.WriterAt, o share.DownloadOptions) (share.Object, error) {
	c.downloads++
	return c.ShareProvider.Download(ctx, name, w, o)
}

func TestADownloadToADiskThatIsTooSmallTransfersNothing(t *testing.T) {
	from, to := t.TempDir(), smallDisk(t, 6)
	const name = "archive.tar.gz"
	if err := os.WriteFile(filepath.Join(from, name), make([]byte, 16<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &counted{ShareProvider: openShare(t, "dir", share.Settings{"VAST_SHARE_PATH": from})}
	_, err := share.Download(t.Context(), p, name, filepath.Join(to, name), share.FileOptions{})
	if !api.IsUnavailable(err) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("the error is %v", err)
	}
	if p.downloads != 0 {
		t.Errorf("%d downloads were begun", p.downloads)
	}
	// The same disk has room for a smaller one.
	if err := os.WriteFile(filepath.Join(from, name), make([]byte, 4<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := share.Download(t.Context(), p, name, filepath.Join(to, name), share.FileOptions{}); err != nil {
		t.Error(err)
	}
}
