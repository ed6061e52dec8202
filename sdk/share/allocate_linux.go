package share

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// allocate reserves space for a file that will have size bytes, and leaves its length as it
// is. Writers of several parts are faster then, and a disk that is too small is an error
// before anything is transferred. File systems that cannot reserve are no error.
func allocate(file *os.File, size int64) error {
	err := unix.Fallocate(int(file.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, size)
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EFBIG) {
		return err
	}
	return nil
}
