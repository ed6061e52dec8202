package result

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"sync"
	"time"

	"github.com/kubevast/vast/internal/layout"
)

// Files of an incomplete result may have grown at the next download. Those that
// an earlier download wrote, and that have not been changed since, are replaced
// without force: a file beside the result's logs lists them. It is removed when
// the result is complete.

// fetchedFile is in the folder of an incomplete result.
const fetchedFile = layout.Own + "fetched.json"

// maxFetched bounds what is read of it, in bytes.
const maxFetched = 64 << 20

// fetched is what was written, by the path below the result's folder.
type fetched map[string]fetchedAs

// fetchedAs is a file as it was written, and the object that it was.
type fetchedAs struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	// ObjectSize and Modified are those of the object in the store.
	ObjectSize int64     `json:"objectSize"`
	Modified   time.Time `json:"modified"`
}

// notes are what was fetched before, and what is now. The zero value is ready.
type notes struct {
	mu     sync.Mutex
	before map[*unit]fetched
	now    map[*unit]fetched
}

// readNotes reads the lists that earlier calls have written. If one cannot be
// read, nothing is overwritten.
func (t *tree) readNotes() {
	t.notes.before, t.notes.now = map[*unit]fetched{}, map[*unit]fetched{}
	for _, u := range t.units {
		t.notes.now[u] = fetched{}
		file, err := t.root.Open(t.folder[u] + "/" + fetchedFile)
		if err != nil {
			continue
		}
		data, err := io.ReadAll(io.LimitReader(file, maxFetched))
		_ = file.Close() // it was read
		have := fetched{}
		if err == nil && json.Unmarshal(data, &have) == nil {
			t.notes.before[u] = have
		}
	}
}

// wrote reports that the file of this SHA-256 is one that we have written.
func (t *tree) wrote(u *unit, f file, sum string) bool {
	have, ok := t.notes.before[u][f.path]
	return ok && have.SHA256 == sum
}

// unchanged is what the file has if its object is still the one that was fetched,
// and the file on this side is as long as it was.
func (t *tree) unchanged(u *unit, name string, f file) (fetchedAs, bool) {
	have, ok := t.notes.before[u][f.path]
	if !ok || have.ObjectSize != f.size || !have.Modified.Equal(f.modified) {
		return have, false
	}
	info, err := t.root.Lstat(name)
	return have, err == nil && info.Mode().IsRegular() && info.Size() == have.Size
}

// note writes down what a file has.
func (t *tree) note(u *unit, f file, sum string, size int64) {
	if u.inventory != nil {
		return
	}
	t.notes.mu.Lock()
	defer t.notes.mu.Unlock()
	t.notes.now[u][f.path] = fetchedAs{Size: size, SHA256: sum, ObjectSize: f.size, Modified: f.modified}
}

// writeNotes leaves them for the next call: also of one that was broken off.
func (t *tree) writeNotes() error {
	for _, u := range t.units {
		all := fetched{}
		for path, as := range t.notes.before[u] {
			all[path] = as
		}
		for path, as := range t.notes.now[u] {
			all[path] = as
		}
		if u.inventory != nil || len(all) == 0 {
			continue
		}
		data, err := json.Marshal(all)
		if err != nil {
			return err
		}
		if err := t.write(t.folder[u]+"/"+fetchedFile, data); err != nil {
			return err
		}
	}
	return nil
}

// dropNotes removes what was written down of results that are complete now.
func (t *tree) dropNotes() error {
	for _, u := range t.units {
		if u.inventory == nil || t.notes.before[u] == nil {
			continue
		}
		if err := t.root.Remove(t.folder[u] + "/" + fetchedFile); err != nil {
			return err
		}
	}
	return nil
}

// sumOf is the SHA-256 of a file on this side, empty where it has none.
func (t *tree) sumOf(name string) string {
	file, err := t.root.Open(name)
	if err != nil {
		return ""
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return ""
	}
	return hex.EncodeToString(hash.Sum(nil))
}
