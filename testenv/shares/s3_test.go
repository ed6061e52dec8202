package shares

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubevast/vast/sdk/share"
	"github.com/kubevast/vast/sdk/share/sharetest"
	"github.com/kubevast/vast/testenv/internal/gobuild"
)

const (
	accessKey = "vast-shares-key"
	secretKey = "vast-shares-secret"
	s3Timeout = time.Second
)

// versitygw starts the server, whose bucket "results" is a folder below dir.
func versitygw(t testing.TB, dir string) (address string) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(dir, "results"), 0o755); err != nil {
		t.Fatal(err)
	}
	address = freeAddress(t)
	startServer(t, address, []string{"ROOT_ACCESS_KEY_ID=" + accessKey, "ROOT_SECRET_ACCESS_KEY=" + secretKey},
		built(t, gobuild.VersityGW, "versitygw"), "--port", address, "--region", "us-east-1", "--quiet", "posix", dir)
	return address
}

func s3Options(dir, address, prefix string) sharetest.Options {
	return sharetest.Options{
		Address: address, HTTP: true, Stall: s3Timeout, Secrets: []string{accessKey, secretKey},
		Open: func(t testing.TB, address string) share.ShareProvider {
			return openShare(t, "s3", share.Settings{"VAST_SHARE_URL": "http://" + address, "VAST_SHARE_BUCKET": "results", "VAST_SHARE_PREFIX": prefix,
				"VAST_SHARE_ACCESS_KEY": accessKey, "VAST_SHARE_SECRET_KEY": secretKey, "VAST_SHARE_TIMEOUT": s3Timeout.String()})
		},
		Files: func(t testing.TB) (files []string) {
			for _, file := range filesBelow(t, dir) {
				if !strings.HasPrefix(file, ".") {
					files = append(files, file)
				}
			}
			return files
		},
	}
}

func TestVersityGW(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := s3Options(dir, versitygw(t, dir), "lab/campaigns")
	o.Skip = map[string]string{"a server that ignores ranges is read from the beginning": "the range is part of the request's signature, so a proxy cannot remove it"}
	small := smallDisk(t, 8)
	full := s3Options(small, versitygw(t, small), "")
	o.Full = &full
	sharetest.Run(t, o)
}
