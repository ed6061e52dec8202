package shares

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
	"github.com/kubevast/vast/sdk/share/sharetest"
	"github.com/kubevast/vast/testenv/internal/gobuild"
)

const (
	accessKey = "vast-shares-key"
	secretKey = "vast-shares-secret"
	s3Timeout = 2 * time.Second
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
	dir := t.TempDir()
	o := s3Options(dir, versitygw(t, dir), "lab/campaigns")
	o.Skip = map[string]string{"a server that ignores ranges is read from the beginning": "the range is part of the request's signature, so a proxy cannot remove it"}
	small := smallDisk(t, 8)
	full := s3Options(small, versitygw(t, small), "")
	o.Full = &full
	o.Many = 1100 // more than a page
	runSuite(t, o)
}

// bytes100M is more than twelve parts.
const bytes100M = 100 << 20

func TestS3UploadsContinueAndAreVerifiedByTheirParts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	address := versitygw(t, dir)
	o := s3Options(dir, address, "")
	p := o.Open(t, address)
	source, _ := zeros(bytes100M)
	ctx, cancel := context.WithCancel(t.Context())
	state := &state{}
	options := share.TransferOptions{UploadOptions: share.UploadOptions{State: state, Progress: func(sent int64) {
		if sent > bytes100M*3/4 {
			cancel()
		}
	}}}
	if _, err := share.Upload(ctx, p, "large", source, options); !errors.Is(err, context.Canceled) {
		t.Fatalf("%T %v", err, err)
	}
	if state.text == "" || strings.Contains(state.text, secretKey) {
		t.Errorf("the state is %q", state.text)
	}
	// Another process: nothing is known but the state.
	p = o.Open(t, address)
	options.Progress = nil
	made, err := share.Upload(t.Context(), p, "large", source, options)
	if err != nil || made.Verified != "md5" || made.Size != bytes100M {
		t.Errorf("%+v, %v", made, err)
	}
	if state.text != "" {
		t.Errorf("the state is left: %q", state.text)
	}
	if files := o.Files(t); !slices.Equal(files, []string{"results/large"}) {
		t.Errorf("the server has %q", files)
	}
	// At most the parts that were being sent are sent again; without continuing, it would be
	// 7/4 of the size.
	sent := transferred(t, func(address string) {
		p := o.Open(t, address)
		again := &interrupted{share: p, at: bytes100M * 3 / 4}
		again.run(t, source)
	}, address)
	if sent > bytes100M*8/5 {
		t.Errorf("%d bytes were sent for %d in two attempts", sent, bytes100M)
	}
}

func TestS3SettingsThatAreWrongGetOneClearError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	address := versitygw(t, dir)
	for what, c := range map[string]struct {
		settings share.Settings
		is       func(error) bool
		says     string
	}{
		"a bucket that does not exist": {settings: share.Settings{"VAST_SHARE_BUCKET": "other"}, is: api.IsInvalidSpec, says: `no bucket "other"`},
		"an unknown access key":        {settings: share.Settings{"VAST_SHARE_ACCESS_KEY": "nobody-at-all"}, is: api.IsForbidden, says: "VAST_SHARE_ACCESS_KEY"},
		"a wrong secret key":           {settings: share.Settings{"VAST_SHARE_SECRET_KEY": "wrong-secret"}, is: api.IsForbidden, says: "VAST_SHARE_SECRET_KEY"},
	} {
		t.Run(what, func(t *testing.T) {
			settings := share.Settings{"VAST_SHARE_URL": "http://" + address, "VAST_SHARE_BUCKET": "results", "VAST_SHARE_ACCESS_KEY": accessKey, "VAST_SHARE_SECRET_KEY": secretKey}
			for key, value := range c.settings {
				settings[key] = value
			}
			p := openShare(t, "s3", settings)
			source, read := zeros(bytes100M)
			_, err := share.Upload(t.Context(), p, "a", source, share.TransferOptions{})
			if !c.is(err) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%T %v", err, err)
			}
			for _, secret := range []string{settings["VAST_SHARE_ACCESS_KEY"], settings["VAST_SHARE_SECRET_KEY"]} {
				if strings.Contains(err.Error(), secret) {
					t.Error("the error contains a key")
				}
			}
			if read.Load() > 0 {
				t.Errorf("%d bytes of the content were read", read.Load())
			}
		})
	}
}
