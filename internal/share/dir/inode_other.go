//go:build !unix

package dir

import "io/fs"

// inode returns 0: the number is unknown here.
func inode(fs.FileInfo) uint64 { return 0 }
