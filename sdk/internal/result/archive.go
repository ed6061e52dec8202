package result

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/kubevast/vast/internal/files"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/pack"
	"github.com/kubevast/vast/sdk/api"
)

const (
	// ahead is how many files are read before their turn.
	ahead = 32
	// inMemory is how large a file may be to be read before its turn, and how
	// much of a log is held in memory, in bytes.
	inMemory = 1 << 20
)

// checkArchive refuses what cannot be an archive before anybody is asked.
func checkArchive(o api.DownloadOptions) error {
	var problems []error
	if !slices.ContainsFunc(pack.ArchiveSuffixes, func(s string) bool { return strings.HasSuffix(o.Archive, s) }) {
		problems = append(problems, api.InvalidOption("Archive", "%q has no suffix of an archive; end it with one of %s",
			o.Archive, strings.Join(pack.ArchiveSuffixes, ", ")))
	}
	if o.Dir != "" {
		problems = append(problems, api.InvalidOption("Archive", "results are written into a folder or into an archive, not both"))
	}
	if err := api.JoinInvalid(problems...); err != nil {
		return err
	}
	if _, err := os.Lstat(o.Archive); err == nil && !o.Force {
		return &api.ConflictError{Message: fmt.Sprintf("%s already exists", o.Archive),
			Remedies: []api.Remedy{{Options: []string{"Force"}, Purpose: "overwrite it"}}}
	}
	return nil
}

// archive writes all that is planned into one file, in order, without a tree on
// this side. The file gets its name when it is whole.
func (s *session) archive(ctx context.Context, p *plan, o api.DownloadOptions) (err error) {
	out, err := files.CreateBeside(o.Archive, partSuffix)
	if err != nil {
		return api.InvalidOption("Archive", "%v", err)
	}
	defer func() {
		if err != nil {
			_ = out.Close()
			_ = os.Remove(out.Name()) // of half an archive nothing can be made
		}
	}()
	w, err := pack.ArchiveWriter(out, o.Archive)
	if err != nil {
		return err
	}
	if err := s.fill(ctx, w, p, o); err != nil {
		return err
	}
	if err := errors.Join(w.Close(), out.Close()); err != nil {
		return err
	}
	return os.Rename(out.Name(), o.Archive)
}

// fill adds all files. Small ones and logs are read ahead, many at a time: each
// costs a request. A large one is read when its turn has come.
func (s *session) fill(ctx context.Context, w *pack.Archive, p *plan, o api.DownloadOptions) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue := make(chan chan *member, ahead)
	go func() {
		defer close(queue)
		for m := range p.members() {
			next := make(chan *member, 1)
			select {
			case queue <- next:
			case <-ctx.Done():
				return
			}
			go func() { next <- m.load(ctx, s.store) }()
		}
	}()
	progress := p.total()
	var err error
	for next := range queue {
		m := <-next
		if err == nil {
			err = m.add(ctx, s.store, w)
		}
		m.close()
		if err != nil {
			cancel() // and the rest is taken out of the queue, to be closed
			continue
		}
		if m.file.key != "" {
			progress.Files++
			progress.Bytes += m.file.size
			p.report.Files, p.report.Bytes = progress.Files, progress.Bytes
			if o.Notify != nil {
				o.Notify(progress)
			}
		}
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// total is what there is to do.
func (p *plan) total() api.TransferProgress {
	var t api.TransferProgress
	for _, files := range p.files {
		for _, f := range files {
			if f.key != "" {
				t.TotalFiles++
				t.TotalBytes += f.size
			}
		}
	}
	return t
}

// members yields what goes into the archive: of each unit the files, then the
// logs, then the inventory.
func (p *plan) members() func(yield func(*member) bool) {
	return func(yield func(*member) bool) {
		for _, u := range p.units {
			ended := u.lastSaved()
			if u.inventory != nil && !u.inventory.Ended.IsZero() {
				ended = u.inventory.Ended
			}
			for _, f := range p.files[u] {
				if f.modified.IsZero() {
					f.modified = ended
				}
				if !yield(&member{file: f, name: p.folder[u] + "/" + f.path}) {
					return
				}
			}
			if u.inventory == nil {
				continue
			}
			data := u.inventoryFile()
			m := &member{name: p.folder[u] + "/" + layout.InventoryFile, content: newSpool(data),
				file: file{mode: plainFile, modified: ended, size: int64(len(data))}}
			if !yield(m) {
				return
			}
		}
	}
}
