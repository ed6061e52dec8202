package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/sdk/api"
)

// UploadAll stores files, several at a time. What the store holds already with
// the same content is not sent again, so that an upload that broke can be done
// again from its beginning. It ends with the first error; what has arrived stays.
func UploadAll(ctx context.Context, b Backend, items []Upload, o TransferOptions) error {
	u := &uploads{b: b, at: o.place()}
	var err error
	items, err = u.measure(items)
	if err != nil {
		return err
	}
	var total int64
	for _, item := range items {
		total += item.Size
	}
	u.meter = newMeter(len(items), total, o.Notify)
	defer u.meter.end()
	if u.there, err = look(ctx, b, items); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(o.parallel())
	for _, item := range items {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error { return u.one(ctx, item) })
	}
	return group.Wait()
}

type uploads struct {
	b     Backend
	at    place
	meter *meter
	there *seen
}

// measure fills in the sizes that are not known, and finds out at once which
// files cannot be read.
func (u *uploads) measure(items []Upload) ([]Upload, error) {
	items = slices.Clone(items)
	var problems []error
	for i := range items {
		if items[i].Size >= 0 {
			continue
		}
		file, err := u.at.Open(items[i].Path)
		if err == nil {
			var size int64
			size, err = file.Seek(0, io.SeekEnd)
			items[i].Size = size
			_ = file.Close() // it was only read
		}
		problems = append(problems, local(err))
	}
	return items, api.JoinInvalid(problems...)
}

func (u *uploads) one(ctx context.Context, item Upload) error {
	file, err := u.at.Open(item.Path)
	if err != nil {
		return local(err)
	}
	defer file.Close()
	if u.there.maybe(item) {
		same, err := u.same(ctx, item, file)
		if err != nil {
			return err
		}
		if same {
			u.meter.skip(item.Size)
			return nil
		}
	}
	if _, err := u.b.Put(ctx, item.Key, file, item.Size, PutOptions{SHA256: item.SHA256, Sent: u.meter.bytes}); err != nil {
		return fmt.Errorf("%s: %w", item.Path, err)
	}
	u.meter.file()
	return nil
}

// same reports whether the store has the file's content under its key.
func (u *uploads) same(ctx context.Context, item Upload, file io.ReadSeeker) (bool, error) {
	o, err := u.b.Stat(ctx, item.Key)
	if errors.As(err, new(*api.NotFoundError)) {
		return false, nil
	}
	if err != nil || o.Size != item.Size || o.SHA256 == "" {
		return false, err
	}
	if item.SHA256 != "" {
		return o.SHA256 == item.SHA256, nil
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, withContext{ctx, file}); err != nil {
		return false, err
	}
	_, err = file.Seek(0, io.SeekStart)
	return sum(hash) == o.SHA256, err
}

const (
	// fewItems are asked for one by one.
	fewItems = 16
	// lookFactor bounds the list of what is there: at most so many times the
	// items, and not below a page.
	lookFactor = 4
)

// seen is what a list showed of the store's content.
type seen struct {
	sizes map[string]int64
	// to is the last key that the list came to; all of it: end.
	to  string
	end bool
}

// look lists where many items will lie, so that those that are not there need
// not be asked for one by one.
func look(ctx context.Context, b Backend, items []Upload) (*seen, error) {
	s := &seen{sizes: map[string]int64{}}
	if len(items) <= fewItems {
		return s, nil
	}
	key := func(a, b Upload) int { return cmp.Compare(a.Key, b.Key) }
	first, last := slices.MinFunc(items, key).Key, slices.MaxFunc(items, key).Key
	listed := 0
	for o, err := range b.List(ctx, common(first, last), ListOptions{StartAfter: first[:max(0, len(first)-1)]}) {
		if err != nil {
			return nil, err
		}
		if o.Key > last {
			break
		}
		if listed++; listed > max(listPage, lookFactor*len(items)) {
			return s, nil
		}
		s.sizes[o.Key], s.to = o.Size, o.Key
	}
	s.end = true
	return s, nil
}

// maybe reports whether the store may have an item.
func (s *seen) maybe(item Upload) bool {
	size, there := s.sizes[item.Key]
	return there && size == item.Size || !there && !s.end && item.Key > s.to
}

// common is what two keys begin with.
func common(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	for n > 0 && n < len(a) && a[n]&0xC0 == 0x80 {
		n-- // never within a character
	}
	return a[:n]
}
