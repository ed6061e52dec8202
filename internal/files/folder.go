package files

import (
	"path/filepath"
	"slices"
)

// streams are the names of what is open already, or of a device: they say
// nothing about where the content is at home.
var streams = []string{"-", "/dev/*", "/dev/fd/*", "/proc/*/fd/*"}

// IsStream reports whether path is no file with a folder of its own, but
// standard input ("-", /dev/stdin) or another open file, such as the /dev/fd/63
// that a shell's <(command) becomes.
func IsStream(path string) bool {
	clean := filepath.ToSlash(filepath.Clean(path))
	return slices.ContainsFunc(streams, func(pattern string) bool {
		match, err := filepath.Match(pattern, clean)
		return err == nil && match
	})
}

// Folder is the folder from which the relative paths in a file count: the
// file's own, and the current one for a stream. A URL has none; what reads it is
// run in the current one.
func Folder(path string) string {
	if IsStream(path) || IsURL(path) {
		return "."
	}
	return filepath.Dir(path)
}
