package files

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// CreateBeside makes an empty file in the folder of path, with a hidden name of
// its own that begins with path's and ends with suffix. Other than os.CreateTemp it
// leaves the permissions to the umask, so that the file may become path by a rename.
func CreateBeside(path, suffix string) (file *os.File, err error) {
	err = beside(path, suffix, func(name string) (err error) {
		file, err = os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		return err
	})
	return file, err
}

// MkdirBeside is CreateBeside for a folder in the folder dir, of which it returns
// the path. name is what its name begins with.
func MkdirBeside(dir, name string) (made string, err error) {
	err = beside(filepath.Join(dir, name), "", func(path string) error {
		made = path
		return os.Mkdir(path, 0o777)
	})
	return made, err
}

// beside tries names until one is free.
func beside(path, suffix string, create func(name string) error) error {
	for {
		err := create(filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+rand.Text()[:8]+suffix))
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
}
