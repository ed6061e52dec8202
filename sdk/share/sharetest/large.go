package sharetest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

func largeTests() []test {
	return []test{
		{name: "a file is downloaded whole", run: files},
		{name: "a listing may be long", run: longListing},
		{name: Memory, run: boundedMemory},
		{name: "a full disk is reported and leaves nothing behind", run: fullDisk, needs: func(o Options) bool { return o.Full != nil }},
	}
}

// fetch downloads to a file by share.Download, and compares it.
func (s *suite) fetch(p share.ShareProvider, name string, c content) {
	s.Helper()
	dir := s.TempDir()
	path := filepath.Join(dir, "file")
	o, err := share.Download(s.ctx, p, name, path, share.FileOptions{Pause: time.Millisecond, Patience: 30 * time.Second})
	if err := errors.Join(err, sameObject(o, name, c), sameFile(path, c)); err != nil {
		s.Error(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		s.Errorf("there are other files than the downloaded one: %v, %v", entries, err)
	}
}

func sameFile(path string, c content) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if hex.EncodeToString(h.Sum(nil)) != c.checksums().SHA256 {
		return errors.New("the file differs from the content")
	}
	return nil
}

func files(s *suite) {
	p := s.direct()
	for _, size := range []int64{0, 3 * mib} {
		name, c := s.archive(size)
		made, err := share.Upload(s.ctx, p, name, c.source(), transfer(false))
		if err := errors.Join(err, sameObject(made.Object, name, c)); err != nil {
			s.Fatal(err)
		}
		if kinds := s.capabilities(p).Checksums; len(kinds) > 0 != slices.Contains([]string{"sha256", "md5", "crc32c"}, made.Verified) {
			s.Errorf("verified by %q; the share has %q", made.Verified, kinds)
		}
		s.fetch(p, name, c)
		if _, err := share.Upload(s.ctx, p, name, c.source(), transfer(false)); !api.IsConflict(err) {
			s.Errorf("a second upload: %T %v", err, err)
		}
		s.remove(p, name)
	}
	s.onlyNew()
}

func longListing(s *suite) {
	p := s.direct()
	if !s.capabilities(p).List {
		s.T.Skip("the share cannot list")
	}
	names := make([]string, cmp.Or(s.Many, 1100))
	contents := make([]content, len(names))
	for i := range names {
		names[i], contents[i] = s.archive(int64(i % 7))
	}
	var all sync.WaitGroup
	next := make(chan int)
	each := func(f func(i int) error) {
		for range 8 {
			all.Go(func() {
				for i := range next {
					if err := f(i); err != nil {
						s.Errorf("%q: %v", names[i], err)
					}
				}
			})
		}
		for i := range names {
			next <- i
		}
		close(next)
		all.Wait()
		next = make(chan int)
	}
	each(func(i int) error {
		_, err := p.Upload(s.ctx, names[i], contents[i].source(), share.UploadOptions{})
		return err
	})
	found := map[string]int64{}
	for o, err := range p.List(s.ctx) {
		if err != nil {
			s.Error(err)
			break
		}
		if _, twice := found[o.Name]; twice {
			s.Errorf("%q is listed twice", o.Name)
		}
		found[o.Name] = o.Size
	}
	absent := 0
	for i, name := range names {
		if size, ok := found[name]; !ok {
			absent++
		} else if size != contents[i].size && size != -1 {
			s.Errorf("%q is listed with size %d, not %d", name, size, contents[i].size)
		}
	}
	if absent > 0 {
		s.Errorf("%d of %d archives are not listed", absent, len(names))
	}
	for _, err := range p.List(s.ctx) { // a caller that has seen enough
		if err != nil {
			s.Error(err)
		}
		break
	}
	each(func(i int) error { return p.Remove(s.ctx, names[i]) })
}

// heapLimit is how much more heap an upload or download may have in use.
const heapLimit = 40 * mib

func boundedMemory(s *suite) {
	p := s.direct()
	name, c := s.archive(64 * mib)
	source := c.source() // computes the checksums
	highest := watchHeap(func() {
		if _, err := p.Upload(s.ctx, name, source, share.UploadOptions{}); err != nil {
			s.Error(err)
		}
	})
	if highest > heapLimit {
		s.Errorf("the upload of %d bytes has %d bytes of heap in use", c.size, highest)
	}
	w := &counter{}
	highest = watchHeap(func() {
		if _, err := p.Download(s.ctx, name, w, share.DownloadOptions{}); err != nil {
			s.Error(err)
		}
	})
	if highest > heapLimit || w.bytes != c.size {
		s.Errorf("the download of %d of %d bytes has %d bytes of heap in use", w.bytes, c.size, highest)
	}
	s.remove(p, name)
}

// counter is an io.WriterAt that counts.
type counter struct {
	mu    sync.Mutex
	bytes int64
}

// WriteAt implements io.WriterAt.
func (c *counter) WriteAt(p []byte, _ int64) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes += int64(len(p))
	return len(p), nil
}

// watchHeap returns how much the heap in use, garbage included, grows while f runs.
func watchHeap(f func()) int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, highest := int64(m.HeapAlloc), int64(0)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				runtime.ReadMemStats(&m)
				highest = max(highest, int64(m.HeapAlloc)-before)
			}
		}
	}()
	f()
	cancel()
	<-done
	return highest
}

func fullDisk(s *suite) {
	full := *s.Full
	full.Secrets = s.Secrets
	inner := &suite{T: s.T, Options: full, ctx: s.ctx, made: 100}
	if full.Files != nil {
		inner.before = full.Files(s.T)
	}
	p := inner.direct()
	name, c := inner.archive(24 * mib)
	upload := func(name string, overwrite bool) error {
		_, err := p.Upload(s.ctx, name, c.source(), share.UploadOptions{Overwrite: overwrite})
		inner.proper(err)
		if errors.As(err, new(*share.TemporaryError)) {
			// It is repeated, in case space becomes free. The attempt that sees the server's
			// answer removes what is there; one whose connection the server cuts before does not.
			_, err = share.Upload(s.ctx, p, name, c.source(), share.TransferOptions{UploadOptions: share.UploadOptions{Overwrite: overwrite}, Pause: 10 * time.Millisecond, Patience: 5 * time.Second})
			inner.proper(err)
		}
		return err
	}
	if err := upload(name, false); err == nil {
		s.Error("a disk that is full is no error")
	}
	inner.mustNotHave(p, name)
	inner.onlyNew()

	other, old := inner.archive(100 * kib)
	inner.put(p, other, old)
	if err := upload(other, true); err == nil {
		s.Error("a disk that is full is no error")
	}
	inner.mustHave(p, other, old)
	inner.onlyNew(other)
	inner.remove(p, other)
}
