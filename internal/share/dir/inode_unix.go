//go:build unix

package dir

import (
	"io/fs"
	"syscall"
)

// inode returns the number of a file on its file system, 0 if it is unknown.
func inode(info fs.FileInfo) uint64 {
	if at, ok := info.Sys().(*syscall.Stat_t); ok {
		return at.Ino
	}
	return 0
}
