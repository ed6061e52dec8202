package sharetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

func hasServer(o Options) bool { return o.Address != "" }
func hasStall(o Options) bool  { return o.Address != "" && o.Stall > 0 }

// cutSize is the size of contents that are cut.
const cutSize = 12*mib + 12345

func cutTests() []test {
	return []test{
		{name: "a cut upload continues or starts again", run: cutUploads, needs: hasServer},
		{name: "an upload whose answer is cut is recognized or repeated", run: cutAnswers, needs: hasServer},
		{name: "an upload that stalls is repeated", run: stalledUpload, needs: hasStall},
		{name: "a cut download continues", run: cutDownloads, needs: hasServer},
		{name: "a download that stalls is repeated", run: stalledDownload, needs: hasStall},
		{name: "a listing that is cut is no shorter listing", run: cutListings, needs: hasServer},
		{name: "a server that does not answer is unavailable for the time being", run: noServer, needs: hasServer},
	}
}

// transfer are options that repeat without long pauses.
func transfer(overwrite bool) share.TransferOptions {
	return share.TransferOptions{UploadOptions: share.UploadOptions{Overwrite: overwrite, State: &memory{}}, Pause: time.Millisecond, Patience: 30 * time.Second}
}

// overOld are the two situations of an upload.
func (s *suite) overOld(f func(overwrite bool)) {
	for _, overwrite := range []bool{false, true} {
		f(overwrite)
	}
}

// prepared returns a new name and content; the name has an old archive if overwrite is
// set.
func (s *suite) prepared(p share.ShareProvider, overwrite bool, size int64) (name string, old *content, c content) {
	s.Helper()
	name, c = s.archive(size)
	if overwrite {
		_, before := s.archive(size/2 + 1)
		s.put(p, name, before)
		old = &before
	}
	return name, old, c
}

// wholeOrOld fails the test unless the name is absent, or has the old or the whole new
// content. It is not absent if there was an old one.
func (s *suite) wholeOrOld(p share.ShareProvider, name string, old *content, c content, what string) {
	s.Helper()
	_, err := p.Stat(s.ctx, name)
	if api.IsNotFound(err) {
		if old != nil {
			s.Errorf("%s: the old archive is lost", what)
		}
		return
	}
	if err != nil {
		s.Errorf("%s: Stat: %v", what, err)
		return
	}
	newErr := s.has(p, name, c)
	if newErr == nil {
		return
	}
	if old == nil {
		s.Errorf("%s: the archive is neither absent nor whole: %v", what, newErr)
	} else if err := s.has(p, name, *old); err != nil {
		s.Errorf("%s: the archive is neither the old one (%v) nor the new one (%v)", what, err, newErr)
	}
}

// listsNoParts fails the test if a listing has the file of an unfinished upload.
func (s *suite) listsNoParts(p share.ShareProvider, what string) {
	s.Helper()
	if !s.capabilities(p).List {
		return
	}
	for o, err := range p.List(s.ctx) {
		if err != nil {
			s.Errorf("%s: List: %v", what, err)
		} else if _, err := p.Stat(s.ctx, o.Name); share.IsTemporary(o.Name) || err != nil {
			s.Errorf("%s: %q is listed, Stat: %v", what, o.Name, err)
		}
	}
}

// arrives uploads, and fails the test unless the content arrives and nothing is left behind.
func (s *suite) arrives(through, direct share.ShareProvider, name string, c content, o share.TransferOptions, what string) {
	s.Helper()
	made, err := share.Upload(s.ctx, through, name, c.source(), o)
	if err == nil {
		err = sameObject(made.Object, name, c)
	}
	if err != nil {
		s.Errorf("%s: the repeated upload: %v", what, err)
		return
	}
	if err := s.has(direct, name, c); err != nil {
		s.Errorf("%s: afterwards: %v", what, err)
	}
	s.onlyNew(name)
}

func cutUploads(s *suite) {
	direct := s.direct()
	for _, how := range []end{byFIN, byRST} {
		for _, at := range []int64{1, cutSize / 3, cutSize - 100*kib} {
			s.overOld(func(overwrite bool) {
				what := fmt.Sprintf("cut of kind %d after %d bytes, overwrite %v", how, at, overwrite)
				name, old, c := s.prepared(direct, overwrite, cutSize)
				c1 := newCut(up, at, how)
				r := s.relay(c1)
				// A relay that is cut while a provider opens the connection fails Open; the
				// cut is therefore set up for what follows.
				p := s.openThen(r, c1)
				o := transfer(overwrite)
				_, err := p.Upload(s.ctx, name, c.source(), o.UploadOptions)
				if !c1.happened() {
					s.Errorf("%s: the connection was not cut", what)
				}
				if err != nil {
					s.temporary(err, what)
				}
				s.wholeOrOld(direct, name, old, c, what)
				s.listsNoParts(direct, what)
				if err == nil && s.has(direct, name, c) == nil {
					o.Overwrite = true // the provider has repeated it by itself
				}
				s.arrives(p, direct, name, c, o, what)
				s.remove(direct, name)
			})
		}
	}
}

// openThen opens a provider through a relay, and counts bytes for its cut only from
// then on.
func (s *suite) openThen(r *relay, c *cut) share.ShareProvider {
	s.Helper()
	r.mu.Lock()
	r.cut = nil
	r.mu.Unlock()
	p := s.open(r.address())
	s.capabilities(p) // it may ask the server
	r.mu.Lock()
	c.after += r.passed[c.direction]
	r.cut = c
	r.mu.Unlock()
	return p
}

// temporary fails the test unless err is a TemporaryError.
func (s *suite) temporary(err error, what string) {
	s.Helper()
	if !errors.As(err, new(*share.TemporaryError)) {
		s.Errorf("%s: %T %v", what, err, err)
	}
	s.proper(err)
}

// cutAnswers cuts what the server sends, at many places of an upload.
func cutAnswers(s *suite) {
	direct := s.direct()
	const size = 300 * kib
	s.overOld(func(overwrite bool) {
		name, _, c := s.prepared(direct, overwrite, size)
		clean := s.relay(nil)
		p := s.open(clean.address())
		s.capabilities(p)
		before := clean.count(down)
		if _, err := p.Upload(s.ctx, name, c.source(), share.UploadOptions{Overwrite: overwrite}); err != nil {
			s.Fatal(err)
		}
		total := clean.count(down) - before
		s.remove(direct, name)
		const places = 12
		for i := range places {
			at := max(1, total*int64(i)/places)
			if i == places-1 {
				at = total - 1
			}
			what := fmt.Sprintf("answers cut after %d of %d bytes, overwrite %v", at, total, overwrite)
			name, old, c := s.prepared(direct, overwrite, size)
			c1 := newCut(down, at, byFIN)
			r := s.relay(c1)
			p := s.openThen(r, c1)
			o := transfer(overwrite)
			if _, err := p.Upload(s.ctx, name, c.source(), o.UploadOptions); err != nil {
				s.temporary(err, what)
			}
			s.wholeOrOld(direct, name, old, c, what)
			o.Overwrite = true // it may have arrived
			s.arrives(p, direct, name, c, o, what)
			s.remove(direct, name)

			// The whole of it, by Upload.
			name, _, c = s.prepared(direct, overwrite, size)
			c2 := newCut(down, at, byRST)
			r = s.relay(c2)
			p = s.openThen(r, c2)
			s.arrives(p, direct, name, c, transfer(overwrite), what)
			s.remove(direct, name)
		}
	})
}

func stalledUpload(s *suite) {
	direct := s.direct()
	s.overOld(func(overwrite bool) {
		name, old, c := s.prepared(direct, overwrite, cutSize)
		c1 := newCut(up, cutSize/2, byStall)
		r := s.relay(c1)
		p := s.openThen(r, c1)
		o := transfer(overwrite)
		_, err := p.Upload(s.ctx, name, c.source(), o.UploadOptions)
		s.temporary(err, "stall")
		s.wholeOrOld(direct, name, old, c, "stall")
		s.arrives(p, direct, name, c, o, "stall")
		s.remove(direct, name)
	})
}

func cutDownloads(s *suite) {
	direct := s.direct()
	name, c := s.archive(cutSize)
	s.put(direct, name, c)
	for _, how := range []end{byFIN, byRST} {
		for _, at := range []int64{1, cutSize / 2, cutSize - 10} {
			s.throughCut(name, c, at, how)
		}
	}
	s.remove(direct, name)
}

func stalledDownload(s *suite) {
	direct := s.direct()
	name, c := s.archive(cutSize)
	s.put(direct, name, c)
	s.throughCut(name, c, cutSize/2, byStall)
	s.remove(direct, name)
}

// throughCut downloads through a relay that cuts once.
func (s *suite) throughCut(name string, c content, at int64, how end) {
	s.Helper()
	c1 := newCut(down, at, how)
	r := s.relay(c1)
	p := s.openThen(r, c1)
	w := &comparer{want: c}
	if _, err := p.Download(s.ctx, name, w, share.DownloadOptions{}); err != nil {
		s.temporary(err, "cut download")
	} else if err := w.check(0); err != nil {
		s.Errorf("a download that was cut succeeds: %v", err)
	}
	if !c1.happened() {
		s.Error("the connection was not cut")
	}
	c2 := newCut(down, at, how)
	r = s.relay(c2)
	p = s.openThen(r, c2)
	s.fetch(p, name, c)
}

// cutListings cuts a listing at several places.
func cutListings(s *suite) {
	direct := s.direct()
	if !s.capabilities(direct).List {
		s.T.Skip("the share cannot list")
	}
	var names []string
	for range 60 {
		name, c := s.archive(10)
		names = append(names, name)
		s.put(direct, name, c)
	}
	clean := s.relay(nil)
	p := s.open(clean.address())
	s.capabilities(p)
	before := clean.count(down)
	count := func(p share.ShareProvider) (n int, err error) {
		for _, err := range p.List(s.ctx) {
			if err != nil {
				return n, err
			}
			n++
		}
		return n, nil
	}
	want, err := count(p)
	if err != nil || want < len(names) {
		s.Fatalf("%d archives, %v", want, err)
	}
	total := clean.count(down) - before
	for i := range 8 {
		c1 := newCut(down, max(1, total*int64(i)/8), byFIN)
		r := s.relay(c1)
		got, err := count(s.openThen(r, c1))
		if err == nil && got != want {
			s.Errorf("cut after %d of %d bytes, it lists %d of %d without an error", total*int64(i)/8, total, got, want)
		}
		if err != nil {
			s.temporary(err, "cut listing")
		}
	}
	s.remove(direct, names...)
}

// noServer ends the server for a provider that is open.
func noServer(s *suite) {
	r := s.relay(nil)
	p := s.open(r.address())
	s.capabilities(p)
	_ = r.l.Close()
	r.endAll(byFIN)
	name, c := s.archive(100)
	_, err := p.Stat(s.ctx, name)
	s.temporary(err, "Stat")
	_, err = p.Upload(s.ctx, name, c.source(), share.UploadOptions{})
	s.temporary(err, "Upload")
	_, err = p.Download(s.ctx, name, &comparer{want: c}, share.DownloadOptions{})
	s.temporary(err, "Download")
}
