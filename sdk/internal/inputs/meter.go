package inputs

import (
	"sync"

	"github.com/kubevast/vast/sdk/api"
)

// meter sums up the progress of several packs. notify may be nil.
type meter struct {
	mu     sync.Mutex
	now    api.TransferProgress
	notify func(api.TransferProgress)
}

// part adds a pack of so many files and bytes, and returns the function to call with how
// many of them are done.
func (m *meter) part(files int, bytes int64) func(files int, bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now.TotalFiles += files
	m.now.TotalBytes += bytes
	doneFiles, doneBytes := 0, int64(0)
	return func(f int, n int64) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.now.Files, m.now.Bytes = m.now.Files+f-doneFiles, m.now.Bytes+n-doneBytes
		doneFiles, doneBytes = f, n
		m.report()
	}
}

// skip records that the files of a pack were not sent.
func (m *meter) skip(files int, bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now.Skipped += files
	m.now.SkippedBytes += bytes
	m.report()
}

func (m *meter) report() {
	if m.notify != nil {
		m.notify(m.now)
	}
}
