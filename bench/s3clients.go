package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// s3Client is a program of others.
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
}, {
	name: "rclone", module: "github.com/rclone/rclone", version: "v1.75.1",
	env: func(endpoint, dir string) []string {
		return []string{"RCLONE_CONFIG=" + filepath.Join(dir, "rclone.conf"), "RCLONE_CONFIG_BENCH_TYPE=s3", "RCLONE_CONFIG_BENCH_PROVIDER=Other",
			"RCLONE_CONFIG_BENCH_ENDPOINT=" + endpoint, "RCLONE_CONFIG_BENCH_ACCESS_KEY_ID=" + transferKey,
			"RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY=" + transferSecret, "RCLONE_CONFIG_BENCH_FORCE_PATH_STYLE=true", "RCLONE_TRANSFERS=16"}
	},
	args: func(upload bool, where string) []string {
		if upload {
			return []string{"copy", where, "bench:" + transferBucket + "/x"}
		}
		return []string{"copy", "bench:" + transferBucket + "/x", where}
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

// buildMover builds our side: a program that has nothing of Kubernetes in it, as the
// agent has not.
func buildMover(ctx context.Context, dir string) (string, error) {
	program := filepath.Join(dir, "mover")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "github.com/kubevast/vast/bench/mover").CombinedOutput(); err != nil {
		return "", fmt.Errorf("building mover: %w: %s", err, lastLine(out))
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
			return false, nil // it has not started yet
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
