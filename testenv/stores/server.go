// Package stores holds the store's client to its rules on real S3 servers, each made
// from source and started on this machine with a folder of its own. Its tests are
// asked for by a tag, since building the servers takes minutes:
//
//	go test -tags stores -v ./stores
package stores

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/kubevast/vast/testenv/internal/gobuild"
)

// The credentials of every server here.
const (
	accessKey = "vast-stores"
	secretKey = "vast-stores-secret"
)

// server is an S3 server.
type server struct {
	// name and version, as docs/cluster.md has them.
	name   string
	module gobuild.Module
	file   string // of the module's programs
	// command are the arguments, and what is added to the environment, to serve the
	// folder dir at 127.0.0.1:port.
	command func(ctx context.Context, dir, port string) (args, env []string, err error)
	// broken are the rules that it does not keep, with the sentence of
	// docs/cluster.md that documents it.
	broken map[string]string
	// lacks is what an examination finds: how each sentence begins.
	lacks []string
}

func versitygw(_ context.Context, dir, port string) (args, env []string, err error) {
	return []string{"--port", "127.0.0.1:" + port, "--region", "us-east-1", "--quiet", "posix", dir},
		[]string{"ROOT_ACCESS_KEY_ID=" + accessKey, "ROOT_SECRET_ACCESS_KEY=" + secretKey}, nil
}

func minioServer(_ context.Context, dir, port string) (args, env []string, err error) {
	return []string{"server", "--quiet", "--address", "127.0.0.1:" + port, dir},
		[]string{"MINIO_ROOT_USER=" + accessKey, "MINIO_ROOT_PASSWORD=" + secretKey, "MINIO_BROWSER=off", "MINIO_UPDATE=off"}, nil
}

func rclone(_ context.Context, dir, port string) (args, env []string, err error) {
	return []string{"serve", "s3", "--addr", "127.0.0.1:" + port, "--auth-key", accessKey + "," + secretKey,
		"--config", filepath.Join(dir, "none.conf"), filepath.Join(dir, "served")}, nil, os.Mkdir(filepath.Join(dir, "served"), 0o755)
}

// seaweedfs has a port for each of its parts.
func seaweedfs(more ...string) func(context.Context, string, string) (args, env []string, err error) {
	return func(ctx context.Context, dir, port string) (args, env []string, err error) {
		config := filepath.Join(dir, "s3.json")
		identity := fmt.Sprintf(`{"identities":[{"name":"vast","credentials":[{"accessKey":%q,"secretKey":%q}],"actions":["Admin","Read","Write","List","Tagging"]}]}`, accessKey, secretKey)
		if err := os.WriteFile(config, []byte(identity), 0o600); err != nil {
			return nil, nil, err
		}
		args = append([]string{"mini", "-dir", dir, "-ip", "127.0.0.1", "-ip.bind", "127.0.0.1", "-s3.config", config, "-s3.port", port,
			"-s3.port.iceberg", "0", "-s3.port.lance", "0", "-webdav=false", "-admin.ui=false", "-master.telemetry=false",
			"-filer.localSocket", filepath.Join(dir, "filer.sock"), "-s3.localSocket", filepath.Join(dir, "s3.sock")}, more...)
		for _, flag := range []string{"-master.port", "-master.port.grpc", "-volume.port", "-volume.port.grpc", "-filer.port", "-filer.port.grpc", "-s3.port.grpc"} {
			free, err := freePort(ctx)
			if err != nil {
				return nil, nil, err
			}
			args = append(args, flag, free)
		}
		return args, []string{"HOME=" + dir}, nil
	}
}

func freePort(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), l.Close()
}
