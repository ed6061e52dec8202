package fetcher

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// giveAway gives the folder that file lies in, with all that is in it, to the
// user that file names as "<uid>:<gid>". Links are given away, never what they
// lead to; modes stay. Without the file all stays as it is: then the image has
// not told who its user is, and most run as root.
func giveAway(file string) error {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var uid, gid int
	if _, err := fmt.Sscanf(string(text), "%d:%d", &uid, &gid); err != nil {
		return fmt.Errorf("%s does not name a user, as in 1000:1000, but says %q", file, text)
	}
	if uid == os.Geteuid() && gid == os.Getegid() {
		return nil
	}
	return filepath.WalkDir(filepath.Dir(file), func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid)
	})
}
