package files

import (
	"os"
	"path/filepath"
	"strconv"
)

// Dangling returns for a path that cannot be opened that it is a link, or is
// behind one: "a link to \"data\", which does not exist". It is empty where
// there is no such link.
func Dangling(path string) string {
	for at := filepath.Clean(path); ; {
		if to, err := os.Readlink(at); err == nil {
			if _, err := os.Stat(at); err == nil {
				return "" // what is missing is behind it
			}
			of := "a link to " + strconv.Quote(to) + ", which does not exist"
			if at != filepath.Clean(path) {
				return "behind " + strconv.Quote(filepath.Base(at)) + ", " + of
			}
			return of
		}
		up := filepath.Dir(at)
		if up == at {
			return ""
		}
		at = up
	}
}
