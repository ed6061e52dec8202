package sharetest

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

const (
	kib = 1 << 10
	mib = 1 << 20
)

// suite is one test's view of the share.
type suite struct {
	*testing.T
	Options
	ctx    context.Context
	before []string
	made   int
}

func newSuite(t *testing.T, o Options) *suite {
	s := &suite{T: t, Options: o, ctx: t.Context()}
	if o.Files != nil {
		s.before = o.Files(t)
	}
	return s
}

// open returns a provider that reaches the server at address.
func (s *suite) open(address string) share.ShareProvider {
	s.Helper()
	p := s.Options.Open(s.T, address)
	s.Cleanup(func() {
		if err := p.Close(); err != nil {
			s.Errorf("Close: %v", err)
		}
	})
	return p
}

// direct returns a provider without a proxy.
func (s *suite) direct() share.ShareProvider {
	s.Helper()
	return s.open(s.Address)
}

// archive returns a new name and a content of so many bytes.
func (s *suite) archive(size int64) (name string, c content) {
	s.made++
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, s.Name(), s.made)
	return fmt.Sprintf("a-%x.tar.gz", h.Sum64()), content{seed: h.Sum64(), size: size}
}

// put uploads without faults and fails the test otherwise.
func (s *suite) put(p share.ShareProvider, name string, c content) {
	s.Helper()
	if _, err := p.Upload(s.ctx, name, c.source(), share.UploadOptions{}); err != nil {
		s.Fatalf("upload of %q: %v", name, err)
	}
}

// mustHave fails the test unless name has the content.
func (s *suite) mustHave(p share.ShareProvider, name string, c content) {
	s.Helper()
	if err := s.has(p, name, c); err != nil {
		s.Errorf("%q: %v", name, err)
	}
}

// has compares Stat and the whole content.
func (s *suite) has(p share.ShareProvider, name string, c content) error {
	o, err := p.Stat(s.ctx, name)
	if err != nil {
		return fmt.Errorf("method Stat: %w", err)
	}
	if err := sameObject(o, name, c); err != nil {
		return fmt.Errorf("method Stat: %w", err)
	}
	return s.downloads(p, name, c)
}

func (s *suite) downloads(p share.ShareProvider, name string, c content) error {
	w := &comparer{want: c}
	o, err := p.Download(s.ctx, name, w, share.DownloadOptions{})
	if err != nil {
		return fmt.Errorf("method Download: %w", err)
	}
	if err := sameObject(o, name, c); err != nil {
		return fmt.Errorf("method Download: %w", err)
	}
	return w.check(0)
}

// sameObject compares what a server reports with a content.
func sameObject(o share.Object, name string, c content) error {
	want := c.checksums()
	for _, pair := range [][2]string{{o.Checksums.SHA256, want.SHA256}, {o.Checksums.MD5, want.MD5}, {o.Checksums.CRC32C, want.CRC32C}} {
		if pair[0] != "" && pair[0] != pair[1] {
			return fmt.Errorf("the checksum is %s, not %s", pair[0], pair[1])
		}
	}
	if o.Name != name || o.Size != c.size {
		return fmt.Errorf("it has name %q and size %d, not %q and %d", o.Name, o.Size, name, c.size)
	}
	return nil
}

// mustNotHave fails the test if there is anything of that name.
func (s *suite) mustNotHave(p share.ShareProvider, name string) {
	s.Helper()
	if o, err := p.Stat(s.ctx, name); !api.IsNotFound(err) {
		s.Errorf("Stat of %q, which must not be there: %+v, %T %v", name, o, err, err)
	}
}

// onlyNew fails the test if the share has other new files than the names.
func (s *suite) onlyNew(names ...string) {
	s.Helper()
	if s.Options.Files == nil {
		return
	}
	// A server removes its own files when it has noticed that a connection is cut.
	var left []string
	for range 40 {
		left = slices.DeleteFunc(s.Options.Files(s.T), func(file string) bool {
			return slices.Contains(s.before, file) || slices.Contains(names, file[strings.LastIndexByte(file, '/')+1:])
		})
		if len(left) == 0 {
			return
		}
		select {
		case <-s.ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
	s.Errorf("left behind: %q", left)
}

// remove removes the test's archives. A connection that a fault has closed may be used
// again, which is a TemporaryError.
func (s *suite) remove(p share.ShareProvider, names ...string) {
	s.Helper()
	for _, name := range names {
		err := p.Remove(s.ctx, name)
		for range 3 {
			if !errors.As(err, new(*share.TemporaryError)) {
				break
			}
			err = p.Remove(s.ctx, name)
		}
		if err != nil && !api.IsNotFound(err) && !api.IsNotSupported(err) {
			s.Errorf("Remove of %q: %T %v", name, err, err)
		}
	}
}

// capabilities returns what the share can do.
func (s *suite) capabilities(p share.ShareProvider) share.Capabilities {
	s.Helper()
	c, err := p.Capabilities(s.ctx)
	if err != nil {
		s.Fatalf("Capabilities: %v", err)
	}
	return c
}

// proper fails the test unless err is one line, of a class, and without a secret.
func (s *suite) proper(err error) {
	s.Helper()
	var temporary *share.TemporaryError
	switch {
	case err == nil:
		s.Error("there is no error")
		return
	case api.IsInvalidSpec(err), api.IsNotSupported(err), api.IsNotFound(err), api.IsForbidden(err), api.IsConflict(err), api.IsUnavailable(err),
		errors.As(err, &temporary), errors.Is(err, context.Canceled):
	default:
		s.Errorf("the error is of no class: %T %v", err, err)
	}
	text := err.Error()
	if strings.ContainsAny(text, "\r\n") || strings.TrimSpace(text) == "" {
		s.Errorf("the error is not one line: %q", text)
	}
	for _, secret := range s.Secrets {
		if strings.Contains(text, secret) || strings.Contains(fmt.Sprintf("%+v", err), secret) {
			s.Error("the error contains a credential")
		}
	}
}
