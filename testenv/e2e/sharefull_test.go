package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// smallDisk mounts a file system of so many MiB in memory over a folder until the test
// ends. Grow makes it larger. The test is skipped where that is not permitted.
func smallDisk(t testing.TB, dir string, mib int) (grow func(mib int)) {
	t.Helper()
	options := func(mib int) string { return fmt.Sprintf("size=%dm,mode=0777", mib) }
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options(mib)); err != nil {
		t.Skipf("cannot mount a small file system: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return func(mib int) {
		if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, options(mib)); err != nil {
			t.Fatal(err)
		}
	}
}

// dav writes the settings of an Apache at an address.
func (p *person) dav(address string) {
	p.Helper()
	p.file(".env", "VAST_SHARE_TYPE=webdav\nVAST_SHARE_URL=http://"+address+"/dav/\nVAST_SHARE_USER="+shareKey+"\nVAST_SHARE_PASSWORD="+shareSecret+"\n")
}

// results returns how many objects of a campaign's run the store has.
func results(t testing.TB, s *store.Store, id string) int {
	t.Helper()
	n := 0
	for _, err := range s.List(t.Context(), layout.RunPrefix(id, "one", 0), store.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// last returns the only item of the last upload.
func (p *person) last() api.ShareItem {
	p.Helper()
	all := p.uploads()
	if len(all) == 0 || len(all[0].Archives) != 1 {
		p.Fatalf("the status is %+v", all)
	}
	return all[0].Archives[0]
}

func TestAnUploadToAFullShareKeepsAllAndIsContinued(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	address, dir := apacheServer(t)
	grow := smallDisk(t, dir, 2)
	p.dav(newRelay(t, hostAddress(t), address).address)
	id := p.finished()
	s := p.store()
	before := results(t, s, id)

	p.vast("share", "upload", id, "--remove-from-store").exits(1).prints(id, "507", "no space left", "use another share")
	if item := p.last(); item.Phase != "Failed" || !item.Kept || item.Removed {
		t.Errorf("the status is %+v", item)
	}
	kept, err := s.Stat(t.Context(), layout.ArchiveKey(id+".tar.gz"))
	if after := results(t, s, id); err != nil || after != before || before == 0 {
		t.Errorf("of %d results %d are left, and of the archive %+v, %v", before, after, kept, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("the share has %v, %v", entries, err)
	}

	grow(64)
	p.vast("share", "upload", id, "--keep-archive").exits(0)
	item := p.last()
	if sum := sumOfFile(t, filepath.Join(dir, id+".tar.gz")); sum != item.SHA256 {
		t.Errorf("the share has %s, want %s", sum, item.SHA256)
	}
	if again, err := s.Stat(t.Context(), layout.ArchiveKey(id+".tar.gz")); err != nil || !again.Modified.Equal(kept.Modified) {
		t.Errorf("the archive was built again: %+v, before %+v, %v", again, kept, err)
	}
}

func TestAFullStoreIsReportedAndTheNextUploadCompletes(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	host := hostAddress(t)
	server, bucket := s3Server(t)
	grow := smallDisk(t, bucket, 5) // the campaign has 3 MB, and its archive too
	p.kubectl("create", "secret", "generic", "own-store", "--from-literal=access-key-id="+shareKey, "--from-literal=secret-access-key="+shareSecret)
	p.vast("cluster", "setup", "kind", "--store-endpoint=http://"+newRelay(t, host, server).address, "--store-secret=own-store", "--store-bucket=results").exits(0)
	address, dir := apacheServer(t)
	p.dav(newRelay(t, host, address).address)
	id := p.ran()
	s := p.store()
	before := results(t, s, id)

	p.vast("share", "upload", id).exits(1).prints(id, "the store is full", "delete results", "more space")
	if item := p.last(); item.Phase != "Failed" || item.Kept {
		t.Errorf("the status is %+v", item)
	}
	if after := results(t, s, id); after != before || before == 0 {
		t.Errorf("of %d results %d are left", before, after)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("the share has %v, %v", entries, err)
	}

	grow(64)
	p.vast("share", "upload", id).exits(0)
	if sum, item := sumOfFile(t, filepath.Join(dir, id+".tar.gz")), p.uploaded("size only"); sum != item.SHA256 {
		t.Errorf("the share has %s, want %s", sum, item.SHA256)
	}
}

func TestAnUploadThatIsStoppedIsContinuedByTheNext(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	host := hostAddress(t)
	way := newRelay(t, host, freeAddress(t, "127.0.0.1")) // to a server that is away
	p.dav(way.address)
	id := p.finished()
	p.vast("share", "stop").exits(3).prints("no running upload found")
	p.vast("share", "upload", id, "--wait=false").exits(0)
	p.waitFor("the upload runs", func() (bool, any) {
		all := p.uploads()
		return len(all) == 1 && all[0].State == api.Running, all
	})
	p.vast("share", "stop").exits(0).prints("stopped")
	selector := metav1.ListOptions{LabelSelector: "kubevast.io/kind=share"}
	if pods, err := client.CoreV1().Pods(p.namespace).List(t.Context(), selector); err != nil || len(pods.Items) > 0 {
		t.Errorf("%d pods are left, %v", len(pods.Items), err)
	}
	all := p.uploads()
	if len(all) != 1 || all[0].State != api.Failed {
		t.Errorf("the status is %+v", all)
	}
	p.vast("share", "stop", all[0].Name).exits(5).prints("has ended")
	p.waitFor("the Secret is gone", func() (bool, any) {
		list, err := client.CoreV1().Secrets(p.namespace).List(t.Context(), selector)
		return err == nil && len(list.Items) == 0, err
	})

	address, dir := apacheServer(t)
	way.turn(address)
	p.vast("share", "upload", id).exits(0)
	if sum, item := sumOfFile(t, filepath.Join(dir, id+".tar.gz")), p.uploaded("size only"); sum != item.SHA256 {
		t.Errorf("the share has %s, want %s", sum, item.SHA256)
	}
}
