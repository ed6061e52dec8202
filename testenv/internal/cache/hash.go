package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// hashLen is how many characters of a hash become part of names.
const hashLen = 12

// Hash digests the parts. Their lengths count too, so that moving a character from
// one part to the next makes another hash.
func Hash(parts ...string) string {
	sum := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(sum, "%d:%s;", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil))[:hashLen]
}

// HashSources digests the files below dir that a build reads: all but tests and
// folders that belong to another module.
func HashSources(dir string) (string, error) {
	var parts []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return skipNested(dir, path)
		}
		if strings.HasSuffix(path, "_test.go") || strings.HasPrefix(entry.Name(), ".") {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		parts = append(parts, filepath.ToSlash(name), string(content))
		return nil
	})
	if err != nil {
		return "", err
	}
	return Hash(parts...), nil // WalkDir goes in lexical order
}

func skipNested(root, path string) error {
	if path == root {
		return nil
	}
	if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}
