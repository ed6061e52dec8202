package share

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kubevast/vast/sdk/api"
)

// maxName is the longest name in bytes: file systems allow 255, and temporary names
// are longer than the name.
const maxName = 200

// ValidName returns an api.InvalidSpecError unless name can be that of an archive: the
// name of one file, UTF-8, of at most 200 bytes, without control characters, which does not
// begin with a dot.
func ValidName(name string) error {
	switch {
	case name == "":
		return api.Invalid("", "the name of an archive is empty")
	case len(name) > maxName:
		return api.Invalid("", "the name of an archive has %d bytes; at most %d are allowed", len(name), maxName)
	case strings.HasPrefix(name, "."):
		return api.Invalid("", "the name of an archive, %q, begins with a dot", name)
	case !utf8.ValidString(name) || strings.ContainsAny(name, `/\`) || strings.ContainsFunc(name, unicode.IsControl):
		return api.Invalid("", "the name of an archive, %q, must be UTF-8 without slashes, backslashes and control characters", name)
	}
	return nil
}

// TemporaryMark is in the names of files that an upload has not finished: a provider
// that stores parts under a name of its own adds it and an id of the upload to the
// archive's name. Lists omit such files.
const TemporaryMark = ".vast-part-"

// IsTemporary reports whether name is that of an unfinished upload's file.
func IsTemporary(name string) bool { return strings.Contains(name, TemporaryMark) }
