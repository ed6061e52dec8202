package e2e_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// sharedMiB returns how large a campaign is that is shared: normal, unless the environment
// says otherwise.
func sharedMiB(t testing.TB, normal int64) int64 {
	t.Helper()
	text := os.Getenv("VAST_TEST_SHARE_MIB")
	if text == "" {
		return normal
	}
	mib, err := strconv.ParseInt(text, 10, 64)
	if err != nil || mib < 8 {
		t.Fatalf("VAST_TEST_SHARE_MIB is %q, and must be a number from 8", text)
	}
	return mib
}

// sharedCampaign has two runs with random bytes, which gzip does not make fewer.
func sharedCampaign(mib int64) string {
	return fmt.Sprintf(`
version: 1
metadata: {name: shared}
configuration:
  - name: one
execution:
  image: python:3.13-slim
  runs: 2
  resources: {cpu: 100m, memory: 64Mi}
  command: |
    python3 -c '
    import os, hashlib
    out = os.environ["OUTPUT_DIR"]
    with open(out + "/random.bin", "wb") as f:
        for i in range(%d): f.write(os.urandom(1 << 20))
    os.symlink("random.bin", out + "/link")
    '
`, mib/2)
}

const (
	shareKey    = "shares-key"
	shareSecret = "canary-of-the-share-4711"
)

// turn passes further connections on to another server.
func (r *relay) turn(to string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.to = to
}

// share writes the settings of a share at an address.
func (p *person) share(address, secret string) {
	p.Helper()
	p.file(".env", "VAST_SHARE_TYPE=s3\nVAST_SHARE_URL=http://"+address+"\nVAST_SHARE_BUCKET=results\nVAST_SHARE_ACCESS_KEY="+shareKey+"\nVAST_SHARE_SECRET_KEY="+secret+"\n")
}

// uploads returns what `share status -o json` prints.
func (p *person) uploads() []api.ShareUpload {
	p.Helper()
	list := &api.ShareUploadList{}
	r := p.vast("share", "status", "-o", "json").exits(0)
	if err := json.Unmarshal([]byte(r.stdout), list); err != nil {
		p.Fatalf("%v\n%s", err, r.stdout)
	}
	return list.Items
}

func sumOfFile(t testing.TB, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// The connection to the share is cut twice and the client is killed: the archive arrives once
// and whole all the same.
func TestACampaignIsShared(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("cluster", "setup", "kind").exits(0)
	s := p.store()
	mib := sharedMiB(t, 128)
	size := mib << 20
	id := strings.TrimPrefix(strings.TrimSpace(p.vast("campaign", "run", p.file("shared.vast", sharedCampaign(mib)), "-o", "name").exits(0).stdout), "campaign.kubevast.io/")
	p.vast("share", "upload").exits(2).prints("VAST_SHARE_TYPE", "missing")
	server, bucket := s3Server(t)
	host := hostAddress(t)
	cut := newRelay(t, host, server, size/4, size)
	p.share(cut.address, shareSecret)
	archive := filepath.Join(bucket, id+".tar.gz")

	t.Run("what runs is excluded", func(t *testing.T) {
		p := p.in(t)
		p.share(cut.address, shareSecret)
		r := p.vast("share", "upload")
		if r.code != 5 && r.code != 0 { // the runs may have ended meanwhile
			t.Errorf("exit code %d:\n%s", r.code, r.stderr)
		}
		if r.code == 5 {
			r.prints("nothing has ended", id, "of 2 runs")
		}
	})
	p.vast("monitor", id, "--wait", "--interval=1s").exits(0)

	t.Run("although the connection is cut twice and the client is killed", func(t *testing.T) {
		p := p.in(t)
		p.share(cut.address, shareSecret)
		item := p.uploadedDespite(cut, "s3", 5*size/2) // the parts that were being sent are sent again
		if item.Verified != "md5" || !item.Kept {
			t.Errorf("the status is %+v", item)
		}
		if sum := sumOfFile(t, archive); sum != item.SHA256 {
			t.Errorf("the share has %s, want %s", sum, item.SHA256)
		}
		if kept, err := s.Stat(t.Context(), layout.ArchiveKey(id+".tar.gz")); err != nil || kept.Size != item.Size {
			t.Errorf("the store has %+v, %v", kept, err)
		}
	})
	direct := newRelay(t, host, server)
	p.share(direct.address, shareSecret)

	t.Run("it is downloaded as it was stored", func(t *testing.T) {
		p := p.in(t)
		p.share(direct.address, shareSecret)
		p.kubeconfig = filepath.Join(p.dir, "none")
		if r := p.vast("share", "list").exits(0); !strings.Contains(r.stdout, id) {
			t.Errorf("the list is\n%s", r.stdout)
		}
		p.vast("share", "download", id, "--dir=out").exits(0)
		data, err := os.ReadFile(filepath.Join(p.dir, "out", id, "one", "1", "_vast", "manifest.json"))
		if err != nil {
			t.Fatal(err)
		}
		var inventory layout.Inventory
		if err := json.Unmarshal(data, &inventory); err != nil {
			t.Fatal(err)
		}
		checked := 0
		for _, f := range inventory.Files {
			if f.SHA256 != "" && f.Link == "" {
				if sum := sumOfFile(t, filepath.Join(p.dir, "out", id, "one", "1", f.Path)); sum != f.SHA256 {
					t.Errorf("%s has %s, want %s", f.Path, sum, f.SHA256)
				}
				checked++
			}
		}
		if target, err := os.Readlink(filepath.Join(p.dir, "out", id, "one", "1", "link")); err != nil || target != "random.bin" || checked == 0 {
			t.Errorf("%d files, link to %q, %v", checked, target, err)
		}
		p.vast("share", "download", id, "--dir=out").exits(5).prints("already exists", "--force")
	})

	t.Run("a wrong password sends nothing and keeps the archive", func(t *testing.T) {
		p := p.in(t)
		p.share(direct.address, "wrong-canary-4712")
		before, began := direct.total(), time.Now()
		r := p.vast("share", "upload", id, "--force").exits(1)
		if sent := direct.total() - before; sent > 1<<20 {
			t.Errorf("%d bytes were sent", sent)
		}
		t.Logf("it failed after %s: %s", time.Since(began), r.stderr)
		if strings.Contains(r.stdout+r.stderr, "canary") {
			t.Errorf("it prints the secret:\n%s", r.stderr)
		}
		if _, err := s.Stat(t.Context(), layout.ArchiveKey(id+".tar.gz")); err != nil {
			t.Errorf("the archive: %v", err)
		}
	})

	t.Run("by force it is sent again, and the old archive stays until then", func(t *testing.T) {
		p := p.in(t)
		p.share(direct.address, shareSecret)
		old, err := os.Stat(archive)
		if err != nil {
			t.Fatal(err)
		}
		again := p.start("kubectl-vast", nil, "share", "upload", id, "--force", "--remove-from-store")
		ended := make(chan *result, 1)
		go func() { ended <- again.wait() }()
		looks := 0
		var r *result
		for r == nil {
			now, err := os.Stat(archive)
			if looks++; err != nil || now.Size() != old.Size() { // the same results give the same bytes
				t.Errorf("the name on the share has %v, %v", now, err)
				break
			}
			select {
			case r = <-ended:
			case <-time.After(20 * time.Millisecond):
			}
		}
		if r == nil {
			r = <-ended
		}
		r.exits(0)
		now, err := os.Stat(archive)
		if err != nil || now.ModTime().Equal(old.ModTime()) {
			t.Errorf("it was not sent again: %v, %v", now, err)
		}
		for o, err := range s.List(t.Context(), layout.CampaignPrefix(id), store.ListOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(o.Key, "/one/") {
				t.Errorf("%s is left in the store", o.Key)
			}
		}
		if _, err := s.Stat(t.Context(), layout.ArchiveKey(id+".tar.gz")); !api.IsNotFound(err) {
			t.Errorf("the archive is left: %v", err)
		}
		t.Logf("%d looks", looks)
	})

	t.Run("the password is nowhere but in Secrets, and goes with the Job", func(t *testing.T) {
		for kind, text := range p.everything() {
			if kind != "secrets" && (strings.Contains(text, "canary") || strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(shareSecret)))) {
				t.Errorf("it is in the %s of the namespace", kind)
			}
		}
		for o, err := range s.List(t.Context(), layout.Archives, store.ListOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			body, _, err := s.Get(t.Context(), o.Key, 0)
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(body)
			_ = body.Close() // it was only read
			if err != nil || strings.Contains(string(data), "canary") {
				t.Errorf("%s: %v, has the secret: %v", o.Key, err, err == nil)
			}
		}
		pods, err := client.CoreV1().Pods(p.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "kubevast.io/kind=share"})
		if err != nil || len(pods.Items) == 0 {
			t.Fatalf("%d pods, %v", len(pods.Items), err)
		}
		for _, pod := range pods.Items {
			if log := p.kubectl("logs", pod.Name); strings.Contains(log, "canary") {
				t.Errorf("the log of pod %s has it:\n%s", pod.Name, log)
			}
		}
		now := int64(0)
		background := metav1.DeletePropagationBackground
		if err := client.BatchV1().Jobs(p.namespace).DeleteCollection(t.Context(), metav1.DeleteOptions{GracePeriodSeconds: &now, PropagationPolicy: &background},
			metav1.ListOptions{LabelSelector: "kubevast.io/kind=share"}); err != nil {
			t.Fatal(err)
		}
		p.waitFor("the Secrets are gone with their Jobs", func() (bool, any) {
			list, err := client.CoreV1().Secrets(p.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "kubevast.io/kind=share"})
			return err == nil && len(list.Items) == 0, err
		})
		states := map[api.State]int{}
		for _, u := range p.uploads() {
			states[u.State]++
		}
		if states[api.Succeeded] != 2 && states[api.Succeeded]+states[api.Failed] < 2 {
			t.Errorf("without Jobs the status is %v", states)
		}
	})

	p.vast("share", "remove", id, "--yes").exits(0)
	if _, err := os.Stat(archive); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it was not removed: %v", err)
	}
}
