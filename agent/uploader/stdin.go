package uploader

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
)

// Unpack writes the files of a tar archive below dir, so that Find finds them
// there. Folders need no entry, and what is neither a file nor a folder is
// refused: the store has no place for it. No entry can leave dir.
func Unpack(archive io.Reader, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close() // nothing is written through it
	for r := tar.NewReader(archive); ; {
		header, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read the archive: %w", err)
		case header.Typeflag == tar.TypeDir:
		case header.Typeflag != tar.TypeReg:
			return fmt.Errorf("%s in the archive is no file", header.Name)
		default:
			if err := unpackFile(root, path.Clean(header.Name), r); err != nil {
				return err
			}
		}
	}
}

func unpackFile(root *os.Root, name string, content io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := root.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}
