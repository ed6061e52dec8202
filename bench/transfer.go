package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/kubevast/vast/sdk/store"
)

const (
	transferFiles = 1000
	transferBytes = 2 << 30
	transferPairs = 3

	transferBucket = "bench"
	transferKey    = "bench"
	transferSecret = "bench-secret-key" //nolint:gosec // of a store that lives for minutes
)

// measureTransfer uploads and downloads 2 GiB in 1,000 files, against other S3
// clients, on one store: that of testenv, on this machine, without the cluster.
func measureTransfer(ctx context.Context, e *env) ([]figure, error) {
	dir, err := os.MkdirTemp("", "vast-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	endpoint, stop, err := startStore(ctx, e, filepath.Join(dir, "store"))
	if err != nil {
		return nil, err
	}
	defer stop()
	source := filepath.Join(dir, "source")
	if err := makeFiles(source); err != nil {
		return nil, err
	}
	t := &transfer{env: e, dir: dir, source: source, endpoint: endpoint}
	var figures []figure
	for _, other := range otherClients {
		program, err := other.get(ctx, e)
		if err != nil {
			return figures, err
		}
		more, err := t.against(ctx, other, program)
		figures = append(figures, more...)
		if err != nil {
			return figures, err
		}
	}
	return figures, nil
}

// transfer is the place of one measurement.
type transfer struct {
	*env
	dir, source, endpoint string
}

// against measures both directions, each with a store or a folder that is empty.
func (t *transfer) against(ctx context.Context, other s3Client, program string) ([]figure, error) {
	var up, down pairs
	var peak []float64
	side := func(argv func(upload bool, where string) []string, to *pairs, ours bool) func(int) (float64, error) {
		return func(int) (float64, error) {
			// What the disk still has to write is the run's before.
			syscall.Sync()
			out := filepath.Join(t.dir, "out")
			defer os.RemoveAll(out)
			defer os.RemoveAll(filepath.Join(t.dir, "store", transferBucket, "x"))
			sent, err := run(ctx, io.Discard, argv(true, t.source)...)
			if err != nil {
				return 0, err
			}
			syscall.Sync()
			got, err := run(ctx, io.Discard, argv(false, out)...)
			if err != nil {
				return 0, err
			}
			if err := sameFiles(t.source, out); err != nil {
				return 0, fmt.Errorf("%s: %w", argv(false, out)[0], err)
			}
			if ours {
				peak = append(peak, float64(max(sent.peak, got.peak)))
				to.ours = append(to.ours, transferBytes/got.took.Seconds())
			} else {
				to.theirs = append(to.theirs, transferBytes/got.took.Seconds())
			}
			return transferBytes / sent.took.Seconds(), nil
		}
	}
	ours := side(func(upload bool, where string) []string {
		return []string{t.self, "transfer", t.kubeconfig, "-", t.endpoint, strconv.FormatBool(upload), where}
	}, &down, true)
	theirs := side(func(upload bool, where string) []string {
		return append([]string{"env"}, append(other.env(t.endpoint, t.dir), append([]string{program}, other.args(upload, where)...)...)...)
	}, &down, false)
	t.progress("transfer: against %s", other.name)
	up, err := turns(transferPairs, ours, theirs)
	if err != nil {
		return nil, err
	}
	u := up.figure("upload of 2 GiB in 1,000 files: SDK / "+other.name, atLeast(1), megabytesPerSecond)
	u.notes = []string{fmt.Sprintf("Peak memory of ours: %s.", mebibytes(slices.Max(peak)))}
	return []figure{u, down.figure("download of 2 GiB in 1,000 files: SDK / "+other.name, atLeast(1), megabytesPerSecond)}, nil
}

// transferHelper is our side: arguments are the endpoint, whether it is an upload,
// and the folder.
func transferHelper(ctx context.Context, more []string) error {
	s, err := store.Connect(store.Config{Endpoint: more[0], Bucket: transferBucket, AccessKey: transferKey, SecretKey: transferSecret})
	if err != nil {
		return err
	}
	defer s.Close()
	if more[1] == "true" {
		entries, err := os.ReadDir(more[2])
		if err != nil {
			return err
		}
		var items []store.Upload
		for _, f := range entries {
			items = append(items, store.Upload{Key: "x/" + f.Name(), Path: filepath.Join(more[2], f.Name()), Size: -1})
		}
		return store.UploadAll(ctx, s, items, store.TransferOptions{})
	}
	var items []store.Download
	for o, err := range s.List(ctx, "x/", store.ListOptions{}) {
		if err != nil {
			return err
		}
		items = append(items, store.Download{Key: o.Key, Path: filepath.Join(more[2], strings.TrimPrefix(o.Key, "x/")), Size: o.Size})
	}
	return store.DownloadAll(ctx, s, items, store.TransferOptions{})
}

// s3Client is somebody else's program.
type s3Client struct {
	name, module, version string
	env                   func(endpoint, dir string) []string
	args                  func(upload bool, where string) []string
}

// otherClients are built from source, with their own defaults but for the number of
// transfers where that is lower than ours.
var otherClients = []s3Client{{
	name: "mc", module: "github.com/minio/mc", version: "v0.0.0-20250313080218-cf909e1063a9",
	env: func(endpoint, dir string) []string {
		return []string{"MC_CONFIG_DIR=" + filepath.Join(dir, "mc"), "MC_HOST_bench=" +
			strings.Replace(endpoint, "://", "://"+transferKey+":"+transferSecret+"@", 1)}
	},
	args: func(upload bool, where string) []string {
		if upload {
			return []string{"--quiet", "cp", "--recursive", where + "/", "bench/" + transferBucket + "/x/"}
		}
		return []string{"--quiet", "cp", "--recursive", "bench/" + transferBucket + "/x/", where + "/"}
	},
}}

// get builds the program once; it stays in the cache.
func (c s3Client) get(ctx context.Context, e *env) (string, error) {
	bin := filepath.Join(e.cache, "bench", c.name+"-"+c.version)
	program := filepath.Join(bin, c.name)
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	e.progress("transfer: building %s", c.name)
	cmd := exec.CommandContext(ctx, "go", "install", c.module+"@"+c.version)
	cmd.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=-mod=mod")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w: %s", c.name, err, lastLine(out))
	}
	return program, nil
}

// startStore starts testenv's store on a port of this machine.
func startStore(ctx context.Context, e *env, dir string) (endpoint string, stop func(), err error) {
	found, err := filepath.Glob(filepath.Join(e.cache, "testenv", "versitygw-*", "versitygw"))
	if err != nil || len(found) == 0 {
		return "", nil, errors.Join(errors.New("testenv has no store yet; run make cluster-up first"), err)
	}
	if err := os.MkdirAll(filepath.Join(dir, transferBucket), 0o755); err != nil {
		return "", nil, err
	}
	port, err := freePort(ctx)
	if err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, found[0], "--port", port, "--health", "/healthz", "--quiet", "posix", dir)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY_ID="+transferKey, "ROOT_SECRET_ACCESS_KEY="+transferSecret)
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	}
	err = waitFor(ctx, "the store", func(ctx context.Context) (bool, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+port+"/healthz", nil)
		if err != nil {
			return false, err
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return false, nil //nolint:nilerr // it has not started yet
		}
		return answer.StatusCode == http.StatusOK, answer.Body.Close()
	})
	if err != nil {
		stop()
		return "", nil, err
	}
	return "http://" + port, stop, nil
}

func freePort(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func makeFiles(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	source := rand.NewChaCha8([32]byte{1})
	content := make([]byte, transferBytes/transferFiles+1)
	for i := range transferFiles {
		one := content[:transferBytes/transferFiles]
		if i < transferBytes%transferFiles {
			one = content // the bytes that remain
		}
		_, _ = source.Read(one) // it never fails
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%04d", i)), one, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// sameFiles compares names and sizes: that the content is verified is tested
// elsewhere.
func sameFiles(a, b string) error {
	of := func(dir string) ([]string, error) {
		entries, err := os.ReadDir(dir)
		var all []string
		for _, f := range entries {
			info, infoErr := f.Info()
			if infoErr != nil {
				return nil, cmp.Or(err, infoErr)
			}
			all = append(all, fmt.Sprint(f.Name(), " ", info.Size()))
		}
		return all, err
	}
	want, err := of(a)
	if err != nil {
		return err
	}
	got, err := of(b)
	if err != nil {
		return err
	}
	if !slices.Equal(want, got) {
		return fmt.Errorf("%d files came, or other ones than %d", len(got), len(want))
	}
	return nil
}
