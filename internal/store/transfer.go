package store

import (
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/kubevast/vast/sdk/api"
)

// Upload is a file that goes into the store.
type Upload struct {
	Key string
	// Path of the file; below TransferOptions.Root where that is set.
	Path string
	// Size is what the file has to have; -1 takes what it has.
	Size int64
	// SHA256 is what it has to have, in hex; empty: it is found out.
	SHA256 string
}

// Download is an object that becomes a file.
type Download struct {
	Key, Path string
	// Size and SHA256 are what the object has to have; -1 and empty take what
	// it has.
	Size   int64
	SHA256 string
	// Mode are the permissions that the file is made with, of which the umask
	// takes its part; 0 is 0666.
	Mode fs.FileMode
	// ExactMode gives the file Mode whatever the umask, also one that is there
	// already with the same content.
	ExactMode bool
	// Replace says of a file that is there with other content, by its SHA-256,
	// that it may be replaced although Overwrite is not set; nil for none.
	Replace func(sha256 string) bool
	// Done, if set, is called with the SHA-256 of the file that is there in the
	// end, whether it was fetched or not.
	Done func(sha256 string, size int64)
}

// TransferOptions set how objects are moved.
type TransferOptions struct {
	// Parallel transfers; 0 is 32.
	Parallel int
	// Notify receives the progress, some times a second and at the end, by one
	// goroutine at a time.
	Notify func(api.TransferProgress)
	// Root is what all paths lie in. They cannot leave it then, through links
	// neither. nil: paths are those of the program.
	Root *os.Root
	// Overwrite replaces files that are there with other content, which is
	// *api.ConflictError without it. Downloads only.
	Overwrite bool
}

// defaultParallel keeps a connection busy while other objects begin and end.
const defaultParallel = 32

func (o TransferOptions) parallel() int {
	if o.Parallel > 0 {
		return o.Parallel
	}
	return defaultParallel
}

// place is where the files are: what os.Root has.
type place interface {
	Open(name string) (*os.File, error)
	OpenFile(name string, flag int, perm fs.FileMode) (*os.File, error)
	Lstat(name string) (fs.FileInfo, error)
	Chmod(name string, mode fs.FileMode) error
	MkdirAll(name string, perm fs.FileMode) error
	Rename(from, to string) error
	Remove(name string) error
}

func (o TransferOptions) place() place {
	if o.Root != nil {
		return o.Root
	}
	return anywhere{}
}

// anywhere is the place of paths that may be any.
type anywhere struct{}

func (anywhere) Open(name string) (*os.File, error)           { return os.Open(name) }
func (anywhere) Lstat(name string) (fs.FileInfo, error)       { return os.Lstat(name) }
func (anywhere) Chmod(name string, mode fs.FileMode) error    { return os.Chmod(name, mode) }
func (anywhere) MkdirAll(name string, perm fs.FileMode) error { return os.MkdirAll(name, perm) }
func (anywhere) Rename(from, to string) error                 { return os.Rename(from, to) }
func (anywhere) Remove(name string) error                     { return os.Remove(name) }
func (anywhere) OpenFile(name string, flag int, perm fs.FileMode) (*os.File, error) {
	return os.OpenFile(name, flag, perm)
}

// local makes one of the SDK's errors of what the system said of a file.
func local(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return &api.InvalidSpecError{Problems: []api.Problem{{Message: err.Error()}}}
	case errors.Is(err, fs.ErrPermission):
		return &api.ForbiddenError{Message: err.Error(), Cause: err}
	}
	return err
}

// meter reports the progress of a transfer.
type meter struct {
	mu       sync.Mutex
	p        api.TransferProgress
	notify   func(api.TransferProgress)
	reported time.Time
}

// reportEvery is the pause between two notifications.
const reportEvery = 200 * time.Millisecond

func newMeter(files int, bytes int64, notify func(api.TransferProgress)) *meter {
	return &meter{p: api.TransferProgress{TotalFiles: files, TotalBytes: bytes}, notify: notify}
}

// add changes the figures, and reports them now and then.
func (m *meter) add(change func(*api.TransferProgress)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.p)
	if m.notify != nil && time.Since(m.reported) >= reportEvery {
		m.reported = time.Now()
		m.notify(m.p)
	}
}

func (m *meter) bytes(n int64) { m.add(func(p *api.TransferProgress) { p.Bytes += n }) }
func (m *meter) file()         { m.add(func(p *api.TransferProgress) { p.Files++ }) }

// skip counts a file that was there already.
func (m *meter) skip(size int64) {
	m.add(func(p *api.TransferProgress) {
		p.Files, p.Skipped, p.Bytes, p.SkippedBytes = p.Files+1, p.Skipped+1, p.Bytes+size, p.SkippedBytes+size
	})
}

// end reports the last figures.
func (m *meter) end() {
	if m.notify != nil {
		m.notify(m.p)
	}
}
