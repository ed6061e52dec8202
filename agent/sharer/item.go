package sharer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/kubevast/vast/agent/archiver"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// item sends one campaign or task. An error leaves the archive and the results in the
// store.
func (s *sharer) item(ctx context.Context, i int) error {
	item := s.Orders.Items[i]
	if err := share.ValidName(item.Archive); err != nil {
		return err
	}
	there, err := s.there(ctx, i)
	if err != nil {
		return err
	}
	record, err := s.record(ctx, item.Archive)
	if err != nil {
		return err
	}
	if removed, err := s.removed(ctx, item, record); err != nil {
		return err
	} else if removed {
		return s.withoutResults(ctx, i, there, record)
	}
	source, err := archiver.Look(ctx, s.Store, prefix(item))
	switch {
	case err != nil:
		return ofStore(err)
	case source.Objects == 0:
		return &api.NotFoundError{Kind: "result", Name: item.Name(), Hint: "nothing of it is in the store"}
	}
	if record == nil || record.Source != source.ID {
		record = nil
	}
	if there != nil && record != nil && !s.Orders.Force {
		if by, same := compare(*there, record); same {
			return s.alreadyThere(ctx, i, record, by)
		}
	}
	if record, err = s.archive(ctx, i, source, record); err != nil {
		return err
	}
	if there != nil && !s.Orders.Force {
		by, same := compare(*there, record)
		if same {
			return s.alreadyThere(ctx, i, record, by)
		}
		return &api.ConflictError{Message: fmt.Sprintf("the share has another archive %q, which only force replaces: %s", item.Archive, by)}
	}
	result, err := s.upload(ctx, i, record)
	if err != nil {
		return err
	}
	return s.arrived(ctx, i, record, result.Verified, uploaded)
}

// there returns the archive of an item on the share, nil for none.
func (s *sharer) there(ctx context.Context, i int) (*share.Object, error) {
	var found share.Object
	err := s.again(ctx, i, func() (err error) {
		found, err = s.Provider.Stat(ctx, s.Orders.Items[i].Archive)
		return err
	})
	switch {
	case api.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &found, nil
}

const (
	// statPatience is how long a share that does not answer is asked again before an
	// archive is built; pause is the time between two attempts.
	statPatience = 2 * time.Minute
	pause        = 2 * time.Second
)

// again repeats a call for an item while its error is temporary.
func (s *sharer) again(ctx context.Context, i int, call func() error) error {
	patience := s.Patience
	if patience == 0 {
		patience = statPatience
	}
	for end := time.Now().Add(patience); ; {
		err := call()
		var temporary *share.TemporaryError
		if !errors.As(err, &temporary) {
			return err
		}
		wait := max(pause, temporary.RetryAfter)
		if time.Now().Add(wait).After(end) {
			return err
		}
		s.repeated(i, err, wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// repeated records the error of a call that is made again after a pause.
func (s *sharer) repeated(i int, err error, pause time.Duration) {
	s.Log("%s: %v; again in %s", s.Orders.Items[i].Name(), err, pause.Round(time.Second))
	s.report.change(i, func(r *api.ShareItem) { r.Reason = "repeated after: " + err.Error() })
}

// compare compares an archive on a share with a record. by is what they were compared by,
// or how they differ.
func compare(there share.Object, record *layout.ArchiveRecord) (by string, same bool) {
	if there.Size >= 0 && there.Size != record.Size {
		return fmt.Sprintf("it has %d bytes, and the archive of these results has %d", there.Size, record.Size), false
	}
	for _, sum := range []struct{ kind, there, ours string }{
		{"sha256", there.Checksums.SHA256, record.SHA256}, {"md5", there.Checksums.MD5, record.MD5}, {"crc32c", there.Checksums.CRC32C, record.CRC32C},
	} {
		switch sum.there {
		case "":
		case sum.ours:
			return sum.kind, true
		default:
			return "its " + sum.kind + " is not that of the archive of these results", false
		}
	}
	if there.Size < 0 {
		return "neither its size nor a checksum is known", false
	}
	return sizeOnly, true
}

const sizeOnly = "size only"

// record returns what is known of an archive that was built before, nil for nothing.
func (s *sharer) record(ctx context.Context, name string) (*layout.ArchiveRecord, error) {
	data, err := s.read(ctx, layout.ArchiveRecordKey(name))
	if err != nil || data == nil {
		return nil, err
	}
	return layout.ParseArchiveRecord(data), nil
}

// read reads a small object, nil for none.
func (s *sharer) read(ctx context.Context, key string) ([]byte, error) {
	body, _, err := s.Store.Get(ctx, key, 0)
	if api.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, ofStore(err)
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, layout.MaxShareReport))
	return data, ofStore(err)
}

func (s *sharer) putRecord(ctx context.Context, name string, record *layout.ArchiveRecord) error {
	data, err := json.Marshal(record)
	if err != nil {
		return err
	}
	_, err = s.Store.Put(ctx, layout.ArchiveRecordKey(name), bytes.NewReader(data), int64(len(data)), store.PutOptions{ContentType: "application/json"})
	return ofStore(err)
}

// archive returns the record of the archive in the store. It is built unless record is of
// the archive that is there.
func (s *sharer) archive(ctx context.Context, i int, source archiver.Source, record *layout.ArchiveRecord) (*layout.ArchiveRecord, error) {
	item := s.Orders.Items[i]
	if record != nil && !s.Orders.Force {
		o, err := s.Store.Stat(ctx, layout.ArchiveKey(item.Archive))
		if err == nil && o.Size == record.Size {
			s.report.change(i, func(r *api.ShareItem) { r.Size, r.SHA256, r.Kept = record.Size, record.SHA256, true })
			return record, nil
		}
		if err != nil && !api.IsNotFound(err) {
			return nil, ofStore(err)
		}
	}
	s.report.change(i, func(r *api.ShareItem) { r.Phase, r.Reason, r.Done, r.Total = archiving, "", 0, source.Bytes })
	// A record of another archive must not be found beside the new one.
	if err := s.Store.Delete(ctx, layout.ArchiveRecordKey(item.Archive)); err != nil {
		return nil, ofStore(err)
	}
	record, err := archiver.Build(ctx, s.Store, archiver.Options{Prefix: prefix(item), Folder: item.Folder, Name: item.Archive,
		Progress: func(n int64) { s.report.change(i, func(r *api.ShareItem) { r.Done = n }) }})
	if err != nil {
		return nil, ofStore(err)
	}
	if err := s.putRecord(ctx, item.Archive, record); err != nil {
		return nil, err
	}
	s.Log("%s: the archive has %d bytes", item.Name(), record.Size)
	s.report.change(i, func(r *api.ShareItem) {
		r.Size, r.SHA256, r.Kept, r.Done, r.Total = record.Size, record.SHA256, true, 0, 0
	})
	return record, nil
}

func (s *sharer) upload(ctx context.Context, i int, record *layout.ArchiveRecord) (share.Uploaded, error) {
	name := s.Orders.Items[i].Archive
	s.report.change(i, func(r *api.ShareItem) { r.Phase, r.Reason, r.Done = uploading, "", 0 })
	source := share.Source{Size: record.Size, Checksums: share.Checksums{SHA256: record.SHA256, MD5: record.MD5, CRC32C: record.CRC32C},
		Open: func(ctx context.Context, offset int64) (io.ReadCloser, error) {
			body, o, err := s.Store.Get(ctx, layout.ArchiveKey(name), offset)
			if err == nil && o.Size != record.Size {
				_ = body.Close() // it is another archive
				return nil, &storeError{&api.ConflictError{Message: fmt.Sprintf("archive %q was replaced in the store while it was uploaded", name)}}
			}
			return body, ofStore(err)
		}}
	return share.Upload(ctx, s.Provider, name, source, share.TransferOptions{
		UploadOptions: share.UploadOptions{Overwrite: s.Orders.Force, State: s.state.of(name, record.SHA256),
			Progress: func(sent int64) {
				s.report.change(i, func(r *api.ShareItem) {
					if r.Done = sent; sent >= r.Size {
						r.Phase = verifying
					}
				})
			}},
		Patience: s.Patience,
		Retry: func(err error, pause time.Duration) {
			s.repeated(i, err, pause)
			s.report.change(i, func(r *api.ShareItem) { r.Phase = uploading })
		}})
}

func (s *sharer) alreadyThere(ctx context.Context, i int, record *layout.ArchiveRecord, by string) error {
	return s.arrived(ctx, i, record, by, skipped)
}

// byChecksum reports whether share.Upload, or compare, has compared a checksum.
func byChecksum(verified string) bool {
	return verified == "sha256" || verified == "md5" || verified == "crc32c"
}
