package sharetest

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

func plainTests() []test {
	return []test{
		{name: "an archive of any size arrives", run: sizes},
		{name: "a name may have odd characters", run: oddNames},
		{name: "an existing archive is not replaced without Overwrite", run: refused},
		{name: "an existing archive is replaced with Overwrite", run: replaced},
		{name: "a missing archive is not found", run: missing},
		{name: "a removed archive is gone", run: removed},
		{name: "a folder is no archive", run: folder, needs: func(o Options) bool { return o.MakeFolder != nil }},
		{name: "two archives are uploaded at once", run: twoAtOnce},
		{name: "a download continues at an offset", run: offsets},
		{name: "a download of another version starts again", run: otherVersion},
		{name: "an upload that is canceled leaves the name absent", run: canceled},
	}
}

func sizes(s *suite) {
	p := s.direct()
	var names []string
	for _, size := range []int64{0, 1, 5 * mib, 5*mib + 1} {
		name, c := s.archive(size)
		names = append(names, name)
		last := int64(-1)
		o, err := p.Upload(s.ctx, name, c.source(), share.UploadOptions{Progress: func(sent int64) { last = sent }})
		if err != nil {
			s.Errorf("%d bytes: %v", size, err)
			continue
		}
		if err := sameObject(o, name, c); err != nil {
			s.Errorf("%d bytes: %v", size, err)
		}
		if last != size && (size > 0 || last > 0) {
			s.Errorf("%d bytes: the last progress is %d", size, last)
		}
		for _, kind := range s.capabilities(p).Checksums {
			if at, err := p.Stat(s.ctx, name); err != nil || checksum(o.Checksums, kind) == "" && checksum(at.Checksums, kind) == "" {
				s.Errorf("%d bytes: neither Upload nor Stat returns the %s that Capabilities lists: %v", size, kind, err)
			}
		}
		s.mustHave(p, name, c)
	}
	s.onlyNew(names...)
	s.remove(p, names...)
}

func checksum(c share.Checksums, kind string) string {
	return map[string]string{"sha256": c.SHA256, "md5": c.MD5, "crc32c": c.CRC32C}[kind]
}

func oddNames(s *suite) {
	p := s.direct()
	names := []string{"a b.tar.gz", "a+b", "100%41", "a#b?c&d;e=f", "é-日本語", "'quoted' \"twice\"", "~tilde", "[x]{y}", "%2F", "a..b", "-dash", "a:b*c|d<e>f", "$HOME`x`!^@,()"}
	for i, name := range names {
		c := content{seed: uint64(i), size: 100 + int64(i)}
		if _, err := p.Upload(s.ctx, name, c.source(), share.UploadOptions{}); err != nil {
			s.Errorf("upload of %q: %v", name, err)
			continue
		}
		s.mustHave(p, name, c)
	}
	if s.capabilities(p).List {
		found := map[string]int64{}
		for o, err := range p.List(s.ctx) {
			if err != nil {
				s.Fatal(err)
			}
			found[o.Name] = o.Size
		}
		for i, name := range names {
			if size, ok := found[name]; !ok || size != 100+int64(i) && size != -1 {
				s.Errorf("%q is listed: %v, with size %d", name, ok, size)
			}
		}
	}
	s.remove(p, names...)
	if s.capabilities(p).Remove {
		s.onlyNew()
	}
}

func refused(s *suite) {
	p := s.direct()
	name, old := s.archive(10 * kib)
	s.put(p, name, old)
	_, other := s.archive(4 * mib)
	_, err := p.Upload(s.ctx, name, other.source(), share.UploadOptions{})
	if !api.IsConflict(err) {
		s.Errorf("%T %v", err, err)
	}
	s.proper(err)
	s.mustHave(p, name, old)
	s.onlyNew(name)
	s.remove(p, name)
}

func replaced(s *suite) {
	p := s.direct()
	name, c := s.archive(200 * kib)
	s.put(p, name, c)
	for _, size := range []int64{3 * mib, 200 * kib, 10} {
		_, next := s.archive(size)
		if _, err := p.Upload(s.ctx, name, next.source(), share.UploadOptions{Overwrite: true}); err != nil {
			s.Fatalf("%d bytes: %v", size, err)
		}
		s.mustHave(p, name, next)
		s.onlyNew(name)
	}
	other, c := s.archive(1000)
	if _, err := p.Upload(s.ctx, other, c.source(), share.UploadOptions{Overwrite: true}); err != nil {
		s.Errorf("a new name with Overwrite: %v", err)
	}
	s.mustHave(p, other, c)
	s.remove(p, name, other)
}

func missing(s *suite) {
	p := s.direct()
	name, _ := s.archive(0)
	_, statErr := p.Stat(s.ctx, name)
	_, downloadErr := p.Download(s.ctx, name, &comparer{}, share.DownloadOptions{})
	checks := map[string]error{"Stat": statErr, "Download": downloadErr}
	if s.capabilities(p).Remove {
		checks["Remove"] = p.Remove(s.ctx, name)
	}
	for method, err := range checks {
		if !api.IsNotFound(err) {
			s.Errorf("%s: %T %v", method, err, err)
		}
		s.proper(err)
	}
}

func removed(s *suite) {
	p := s.direct()
	if !s.capabilities(p).Remove {
		s.T.Skip("the share removes nothing")
	}
	name, c := s.archive(100)
	other, d := s.archive(100)
	s.put(p, name, c)
	s.put(p, other, d)
	if err := p.Remove(s.ctx, name); err != nil {
		s.Error(err)
	}
	s.mustNotHave(p, name)
	s.mustHave(p, other, d)
	s.remove(p, other)
	s.onlyNew()
}

func folder(s *suite) {
	p := s.direct()
	name, c := s.archive(1 * mib)
	s.MakeFolder(s.T, name)
	if o, err := p.Stat(s.ctx, name); !api.IsConflict(err) {
		s.Errorf("Stat: %+v, %T %v", o, err, err)
	}
	for _, overwrite := range []bool{false, true} {
		_, err := p.Upload(s.ctx, name, c.source(), share.UploadOptions{Overwrite: overwrite})
		if !api.IsConflict(err) {
			s.Errorf("Upload, overwrite %v: %T %v", overwrite, err, err)
		}
		s.proper(err)
	}
	if s.capabilities(p).Remove {
		if err := p.Remove(s.ctx, name); err == nil {
			s.Error("Remove removed a folder")
		}
	}
	if _, err := p.Stat(s.ctx, name); !api.IsConflict(err) {
		s.Errorf("the folder is gone: %T %v", err, err)
	}
	if s.capabilities(p).List {
		for o, err := range p.List(s.ctx) {
			if err != nil || o.Name == name {
				s.Errorf("List yields the folder, or fails: %+v, %v", o, err)
			}
		}
	}
	s.onlyNew()
}

func twoAtOnce(s *suite) {
	p := s.direct()
	names, contents := make([]string, 4), make([]content, 4)
	var all sync.WaitGroup
	for i := range names {
		names[i], contents[i] = s.archive(2*mib + int64(i))
		all.Go(func() {
			if _, err := p.Upload(s.ctx, names[i], contents[i].source(), share.UploadOptions{}); err != nil {
				s.Errorf("upload %d: %v", i, err)
			}
		})
	}
	all.Wait()
	for i, name := range names {
		all.Go(func() { s.mustHave(p, name, contents[i]) })
	}
	all.Wait()
	s.onlyNew(names...)
	s.remove(p, names...)
}

func offsets(s *suite) {
	p := s.direct()
	name, c := s.archive(3*mib + 7)
	s.put(p, name, c)
	at, err := p.Stat(s.ctx, name)
	if err != nil {
		s.Fatal(err)
	}
	for _, offset := range []int64{0, 1, mib, c.size - 1, c.size} {
		for _, validator := range []string{"", at.Validator} {
			w := &comparer{want: c}
			var written, size int64
			o, err := p.Download(s.ctx, name, w, share.DownloadOptions{Offset: offset, Validator: validator, Progress: func(w, n int64) { written, size = w, n }})
			if err != nil {
				s.Errorf("offset %d: %v", offset, err)
				continue
			}
			if err := errors.Join(sameObject(o, name, c), w.check(offset)); err != nil {
				s.Errorf("offset %d: %v", offset, err)
			}
			if offset < c.size && (written != c.size || size != c.size && size != -1) {
				s.Errorf("offset %d: the last progress is %d of %d", offset, written, size)
			}
			if s.capabilities(p).ResumeDownload && offset > 0 && len(w.covered) > 0 && w.covered[0][0] < offset {
				s.Errorf("offset %d: it started again at %d", offset, w.covered[0][0])
			}
		}
	}
	s.remove(p, name)
}

func otherVersion(s *suite) {
	p := s.direct()
	name, c := s.archive(2 * mib)
	s.put(p, name, c)
	old, err := p.Stat(s.ctx, name)
	if err != nil {
		s.Fatal(err)
	}
	if old.Validator == "" {
		s.remove(p, name)
		s.T.Skip("the server has no validators")
	}
	_, next := s.archive(2*mib - 1)
	if _, err := p.Upload(s.ctx, name, next.source(), share.UploadOptions{Overwrite: true}); err != nil {
		s.Fatal(err)
	}
	w := &comparer{want: next}
	o, err := p.Download(s.ctx, name, w, share.DownloadOptions{Offset: mib, Validator: old.Validator})
	if err := errors.Join(err, sameObject(o, name, next), w.check(0)); err != nil {
		s.Error(err)
	}
	s.remove(p, name)
}

// canceled ends the context in the middle of the content.
func canceled(s *suite) {
	p := s.direct()
	name, c := s.archive(8 * mib)
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	source := c.source()
	open := source.Open
	source.Open = func(ctx context.Context, offset int64) (io.ReadCloser, error) {
		r, err := open(ctx, offset)
		return &until{ReadCloser: r, left: 5*mib - offset, then: cancel}, err
	}
	state := &memory{}
	_, err := p.Upload(ctx, name, source, share.UploadOptions{State: state})
	if !errors.Is(err, context.Canceled) {
		s.Errorf("%T %v", err, err)
	}
	s.mustNotHave(p, name)
	// A server may close other connections with the one that was cut.
	var temporary *share.TemporaryError
	for range 5 {
		if _, err = p.Upload(s.ctx, name, c.source(), share.UploadOptions{State: state}); !errors.As(err, &temporary) {
			break
		}
	}
	if err != nil {
		s.Errorf("the next attempt: %v", err)
	}
	s.mustHave(p, name, c)
	s.onlyNew(name)
	s.remove(p, name)
}

// until calls then when so many bytes were read.
type until struct {
	io.ReadCloser
	left int64
	then func()
}

func (u *until) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	if u.left -= int64(n); u.left <= 0 {
		u.then()
	}
	return n, err
}

// memory is a share.State.
type memory struct {
	mu   sync.Mutex
	text string
}

// Load implements share.State.
func (m *memory) Load(context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text, nil
}

// Save implements share.State.
func (m *memory) Save(_ context.Context, text string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.text = text
	return nil
}
