// Package archiver builds one archive from the results of a campaign or a task in the
// store. The same results give the same bytes.
//
// An archive has one folder. In it a campaign has its record, its files and
// "<config>/<run>/..."; a task has "<rank>/...", as in downloaded results. The logs are
// as they are in the store, each line with its time.
package archiver

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/pack"
	"github.com/kubevast/vast/internal/store"
)

// Options of Build.
type Options struct {
	// Prefix of the results in the store, Folder the one in the archive.
	Prefix, Folder string
	// Name of the archive; its end selects the format.
	Name string
	// Progress, if set, receives how many bytes of files are in the archive. It is called
	// by one goroutine at a time.
	Progress func(bytes int64)
}

// Build builds the archive in the store, under layout.ArchiveKey, and its record. Until
// the last byte is stored there is no archive, or the one before.
func Build(ctx context.Context, b store.Backend, o Options) (*layout.ArchiveRecord, error) {
	source, err := Look(ctx, b, o.Prefix)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in, out := io.Pipe()
	sums := newSums()
	type made struct {
		size int64
		err  error
	}
	stored := make(chan made, 1)
	go func() {
		object, err := b.Put(ctx, layout.ArchiveKey(o.Name), in, -1, store.PutOptions{ContentType: "application/octet-stream"})
		_ = in.CloseWithError(err) // whoever still writes has this error
		stored <- made{object.Size, err}
	}()
	record := &layout.ArchiveRecord{Version: layout.ShareFormat, Source: source.ID, Created: time.Now().UTC()}
	err = write(ctx, b, io.MultiWriter(out, sums), o, record)
	_ = out.CloseWithError(err) // nil ends the stream
	result := <-stored
	switch {
	case result.err != nil:
		return nil, result.err
	case err != nil:
		return nil, err
	case result.size != sums.n:
		return nil, fmt.Errorf("the store has %d bytes of %s, and %d were sent", result.size, o.Name, sums.n)
	}
	record.Size = sums.n
	record.SHA256, record.MD5, record.CRC32C = hex.EncodeToString(sums.sha256.Sum(nil)), hex.EncodeToString(sums.md5.Sum(nil)), hex.EncodeToString(sums.crc.Sum(nil))
	return record, nil
}

// write writes the archive to w, and counts in record.
func write(ctx context.Context, b store.Backend, w io.Writer, o Options, record *layout.ArchiveRecord) error {
	archive, err := pack.ReproducibleArchive(w, o.Name)
	if err != nil {
		return err
	}
	for m, err := range members(ctx, b, o) {
		if err != nil {
			return err
		}
		if m.link != "" && pack.LeadsOut(m.inFolder(), m.link) {
			record.LeftOut++
			continue
		}
		if err := m.add(ctx, b, archive, func(n int64) {
			record.Bytes += n
			if o.Progress != nil {
				o.Progress(record.Bytes)
			}
		}); err != nil {
			return err
		}
		if m.key != "" {
			record.Files++
		}
	}
	return archive.Close()
}

// sums computes the checksums of what is written to it.
type sums struct {
	sha256, md5 interface {
		io.Writer
		Sum([]byte) []byte
	}
	crc interface {
		io.Writer
		Sum([]byte) []byte
	}
	n int64
}

func newSums() *sums {
	return &sums{sha256: sha256.New(), md5: md5.New(), crc: crc32.New(crc32.MakeTable(crc32.Castagnoli))}
}

func (s *sums) Write(p []byte) (int, error) {
	_, _ = s.sha256.Write(p) // a hash takes everything
	_, _ = s.md5.Write(p)
	_, _ = s.crc.Write(p)
	s.n += int64(len(p))
	return len(p), nil
}

// Source is what an archive is built of.
type Source struct {
	// ID is the same for the same objects.
	ID string
	// Objects counts them, Bytes is their size.
	Objects int
	Bytes   int64
}

// Look lists the objects below a prefix. A campaign's record does not count: it
// changes when a user reads the campaign's state.
func Look(ctx context.Context, b store.Backend, prefix string) (Source, error) {
	var s Source
	hash := sha256.New()
	for object, err := range b.List(ctx, prefix, store.ListOptions{}) {
		if err != nil {
			return Source{}, err
		}
		if object.Key == prefix+layout.RecordFile && strings.HasPrefix(prefix, layout.Campaigns) {
			continue
		}
		s.Objects++
		s.Bytes += object.Size
		_, _ = io.WriteString(hash, object.Key+"\x00"+strconv.FormatInt(object.Size, 10)+"\x00"+object.Modified.UTC().Format(time.RFC3339Nano)+"\x00")
	}
	s.ID = hex.EncodeToString(hash.Sum(nil))
	return s, nil
}
