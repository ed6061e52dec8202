package e2e_test

import (
	"archive/tar"
	"crypto/ed25519"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/testenv"
	"github.com/kubevast/vast/testenv/internal/archive"
	"github.com/kubevast/vast/testenv/internal/cache"
	"github.com/kubevast/vast/testenv/internal/rootfs"
	"github.com/kubevast/vast/testenv/internal/taskimage"
)

const smallCampaign = `
version: 1
metadata: {name: small}
configuration:
  - name: one
execution:
  image: ` + testenv.BusyboxImage + `
  runs: 1
  resources: {cpu: 100m, memory: 64Mi}
  command: head -c 3000000 /dev/urandom > "$OUTPUT_DIR/random.bin"
`

// finished runs a small campaign to its end, and returns its id.
func (p *person) finished() string {
	p.Helper()
	p.vast("cluster", "setup", "kind").exits(0)
	return p.ran()
}

// ran is finished in a namespace that is set up.
func (p *person) ran() string {
	p.Helper()
	id := strings.TrimPrefix(strings.TrimSpace(p.vast("campaign", "run", p.file("small.vast", smallCampaign), "-o", "name").exits(0).stdout), "campaign.kubevast.io/")
	p.vast("monitor", id, "--wait", "--interval=1s").exits(0)
	return id
}

// uploaded fails the test unless the last upload has succeeded and was verified so.
func (p *person) uploaded(verified string) api.ShareItem {
	p.Helper()
	all := p.uploads()
	if len(all) == 0 || all[0].State != api.Succeeded || len(all[0].Archives) != 1 || all[0].Archives[0].Verified != verified {
		p.Fatalf("the status is %+v", all)
	}
	return all[0].Archives[0]
}

// The workstation's known_hosts and the private key are in the Secret of the upload.
func TestACampaignIsSharedBySFTP(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	server := sshServer(t, hostAddress(t))
	id := p.finished()
	p.file("key", server.key)
	_, other, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := ssh.NewPublicKey(other.Public())
	if err != nil {
		t.Fatal(err)
	}

	p.file(".env", server.settings(t, server.address, wrong))
	p.vast("share", "upload", id).exits(1).prints("has changed", ssh.FingerprintSHA256(server.host), ssh.FingerprintSHA256(wrong))
	p.file(".env", server.settings(t, server.address, server.host))
	p.vast("share", "upload", id).exits(0)
	item := p.uploaded("sha256")
	if sum := sumOfFile(t, filepath.Join(server.dir, id+".tar.gz")); sum != item.SHA256 {
		t.Errorf("the share has %s, want %s", sum, item.SHA256)
	}
	if entries, err := os.ReadDir(server.dir); err != nil || len(entries) != 1 {
		t.Errorf("the share has %v, %v", entries, err)
	}
	p.vast("share", "download", id, "--dir=out").exits(0)
	found := 0
	err = filepath.WalkDir(filepath.Join(p.dir, "out", id), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == "random.bin" {
			info, err := entry.Info()
			if found++; err != nil || info.Size() != 3000000 {
				t.Errorf("%s: %v, %v", path, info, err)
			}
		}
		return err
	})
	if err != nil || found != 1 {
		t.Errorf("random.bin is there %d times, %v", found, err)
	}
}

// pluginImage is Python with the example of a share plug-in.
const pluginImage = "kubevast.test/share-folder:v1"

// loadPluginImage brings the image to every node.
func loadPluginImage(t testing.TB, executable string) {
	t.Helper()
	dir, err := cache.Open()
	if err != nil {
		t.Fatal(err)
	}
	var layers []archive.Layer
	for _, artefact := range taskimage.Artefacts() {
		if artefact.Name != "rootfs-python" {
			continue
		}
		path, err := dir.Get(t.Context(), artefact, t.Logf)
		if err != nil {
			t.Fatal(err)
		}
		layer, err := archive.LayerFile(filepath.Join(path, rootfs.File))
		if err != nil {
			t.Fatal(err)
		}
		layers = append(layers, layer)
	}
	if len(layers) != 1 {
		t.Fatal("there is no file system with Python")
	}
	content, err := os.ReadFile(executable)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "layer.tar"))
	if err != nil {
		t.Fatal(err)
	}
	out := tar.NewWriter(file)
	err = out.WriteHeader(&tar.Header{Name: "usr/local/bin/" + filepath.Base(executable), Mode: 0o755, Size: int64(len(content))})
	if err == nil {
		_, err = out.Write(content)
	}
	for _, e := range []error{err, out.Close(), file.Close()} {
		if e != nil {
			t.Fatal(e)
		}
	}
	own, err := archive.LayerFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	reader, writer := io.Pipe()
	go func() {
		writer.CloseWithError(archive.Write(writer, archive.Image{Tags: []string{pluginImage}, Layers: append(layers, own),
			Config: archive.Config{Env: []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"}, Cmd: []string{"python3"}}}))
	}()
	if err := cluster.LoadArchive(t.Context(), reader); err != nil {
		t.Fatal(err)
	}
}

// The upload runs in the image of the plug-in. The folder is one of the pod.
func TestACampaignIsSharedByAPlugin(t *testing.T) {
	t.Parallel()
	executable := filepath.Join(repository(), "examples", "share-plugin", "kubectl-vast-share-folder")
	if _, err := exec.LookPath("python3"); err != nil && os.Getenv("CI") == "" {
		t.Skip("there is no python3")
	}
	loadPluginImage(t, executable)
	p := newPerson(t)
	id := p.finished()
	settings := "VAST_SHARE_TYPE=folder\nFOLDER_PATH=/tmp\n"
	p.file(".env", settings)
	p.vast("share", "upload", id).exits(2).prints("unknown type", "folder")
	p.env = append(p.env, "PATH="+filepath.Dir(executable)+string(os.PathListSeparator)+os.Getenv("PATH"))
	p.vast("share", "upload", id).exits(2).prints("VAST_SHARE_IMAGE")
	p.file(".env", settings+"VAST_SHARE_IMAGE="+pluginImage+"\n")
	p.vast("share", "upload", id).exits(0)
	p.uploaded("sha256")

	// The same, without the executable in the image.
	p.file(".env", settings+"VAST_SHARE_IMAGE="+testenv.PythonImage+"\n")
	p.vast("share", "upload", id, "--force").exits(1).prints("kubectl-vast-share-folder", testenv.PythonImage)
}
