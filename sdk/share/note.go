package share

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/kubevast/vast/sdk/api"
)

// note is the content of path.part.json: what path.part is from, and how much of it is
// right.
type note struct {
	Object
	Validator string `json:"validator"`
	// Prefix is the number of bytes that are written without a gap, if the part has
	// gaps; otherwise all of it is right.
	Prefix *int64 `json:"prefix,omitempty"`
	// Boot is the boot of the system during which the part is written. In another one the
	// part may lack what was not yet on the disk. It is empty for a part that is.
	Boot string `json:"boot,omitempty"`
}

// prepare empties a part of another object, cuts off what may be wrong of one that a
// killed process has left, reserves space for the whole, and notes what the part will be from.
func (d *download) prepare(found Object) error {
	before, ok := d.noted, d.noted.Name != ""
	if !ok {
		before, ok = readNote(d.path + noteSuffix)
	}
	same := ok && before.Name == found.Name && before.Size == found.Size && !changed(before.Object, found) && before.Checksums == found.Checksums
	if !same || before.Boot != "" && before.Boot != boot() {
		if err := d.cut(0); err != nil {
			return err
		}
	} else if before.Prefix != nil {
		if err := d.cut(*before.Prefix); err != nil {
			return err
		}
	}
	if found.Size > 0 {
		if err := allocate(d.file, found.Size); err != nil {
			return d.local(err)
		}
	}
	return d.write(note{Object: found, Validator: found.Validator, Boot: boot()})
}

// cut truncates the part to a length, if it is longer: a file that was once truncated to
// nothing, even one that was empty, is written to the disk by ext4 when it is closed.
func (d *download) cut(length int64) error {
	info, err := d.file.Stat()
	if err == nil && info.Size() > length {
		err = d.file.Truncate(max(length, 0))
	}
	if err != nil {
		return d.local(err)
	}
	return nil
}

// gaps notes that the part has gaps behind a prefix.
func (d *download) gaps(prefix int64) error {
	n := d.noted
	n.Prefix = &prefix
	err := d.write(n)
	if local := (*api.UnavailableError)(nil); errors.As(err, &local) {
		return local.Cause // the message is that of the write that failed
	}
	return err
}

// keep cuts off what is behind a gap, for another attempt or another process.
func (d *download) keep(prefix int64) error {
	if err := d.cut(prefix); err != nil {
		return err
	}
	n := d.noted
	n.Prefix = nil
	if d.file.Sync() == nil {
		n.Boot = ""
	}
	return d.write(n)
}

// write replaces the note.
func (d *download) write(n note) error {
	d.noted = n
	text, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("cannot encode the note of a download: %w", err)
	}
	temp := d.path + noteSuffix + "~"
	_ = os.Remove(temp) // a link is not written through
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return d.local(err)
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(temp, d.path+noteSuffix)
	}
	if err != nil {
		_ = os.Remove(temp) // the first error counts
		return d.local(err)
	}
	return nil
}

func readNote(path string) (note, bool) {
	text, err := os.ReadFile(path)
	var n note
	if err != nil || json.Unmarshal(text, &n) != nil {
		return note{}, false
	}
	n.Object.Validator = n.Validator
	return n, n.Name != ""
}

// boot returns a text that is the same until the system is restarted, "" where none is
// known. It is Linux's (proc(5), random/boot_id).
func boot() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
