package store

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"
)

// maxPartName is how much of a file's name the name of its part begins with, in
// bytes: a name has 255 at most.
const maxPartName = 200

// partOf is where a file lies until it is complete: the same for each call, so
// that the next one goes on with it. Among the files that come down there may be
// "data" and "data.part", so the hash is that of the key: to have a file of such
// a name, somebody must have made it for that.
func partOf(item Download) string {
	dir, name := filepath.Split(item.Path)
	hash := sha256.Sum256([]byte(item.Key + "\x00" + name))
	if len(name) > maxPartName {
		name = strings.ToValidUTF8(name[:maxPartName], "")
	}
	return dir + name + "." + hex.EncodeToString(hash[:8]) + ".part"
}
