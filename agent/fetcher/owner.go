package fetcher

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
)

// giveAway changes the owner of a folder, with all that is in it, to the user
// whom file names as "<uid>:<gid>". Links are changed, never their targets;
// modes stay. Without the file the owners stay: then the image has not reported
// its user, and most run as root.
func giveAway(dir, file string) error {
	uid, gid, err := readOwner(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("it is not known which user the image runs as: %w", err)
	}
	if uid == os.Geteuid() && gid == os.Getegid() {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid)
	})
}

// The longest that names an owner: two numbers of 32 bits, a colon, the line's end.
const maxOwner = 22

var owner = regexp.MustCompile(`^([0-9]{1,10}):([0-9]{1,10})\n?$`)

// readOwner reads a file that the user's image has made, which may be anything
// and may be a link to anything: its content is part of no error, since errors
// become the pod's status.
func readOwner(file string) (uid, gid int, err error) {
	opened, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ELOOP) {
		return 0, 0, fmt.Errorf("%s is a link, and is not followed", file)
	}
	if err != nil {
		return 0, 0, err
	}
	defer opened.Close()
	info, err := opened.Stat()
	if err != nil {
		return 0, 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, 0, fmt.Errorf("%s is no regular file", file)
	}
	text, err := io.ReadAll(io.LimitReader(opened, maxOwner+1))
	if err != nil {
		return 0, 0, err
	}
	m := owner.FindSubmatch(text)
	if m == nil {
		return 0, 0, fmt.Errorf("%s does not hold two numbers, as in 1000:1000, and nothing else", file)
	}
	u, uErr := strconv.ParseUint(string(m[1]), 10, 32)
	g, gErr := strconv.ParseUint(string(m[2]), 10, 32)
	// The highest number would leave things as they are.
	if uErr != nil || gErr != nil || u == 1<<32-1 || g == 1<<32-1 {
		return 0, 0, fmt.Errorf("%s holds a number that no user has", file)
	}
	return int(u), int(g), nil
}
