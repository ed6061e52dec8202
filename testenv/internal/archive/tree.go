package archive

import (
	"archive/tar"
	"io"
	"os"
	"path"
	"strings"
	"time"
)

// Tree writes the tar file of a layer. Times and owners are always the same, so that
// the same files make the same layer. The first error is kept and returned by Close.
//
// Names are those of a merged-/usr system: "usr/sbin/init", never "sbin/init", which
// would hide the link /sbin of the layer below.
type Tree struct {
	file  *os.File
	out   *tar.Writer
	known map[string]bool
	err   error
}

// NewTree starts a layer in the file at path.
func NewTree(path string) (*Tree, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &Tree{file: file, out: tar.NewWriter(file), known: map[string]bool{}}, nil
}

// Dir adds a directory and those above it.
func (t *Tree) Dir(name string, mode int64) {
	name = clean(name)
	if name == "." || t.known[name] {
		return
	}
	t.Dir(path.Dir(name), 0o755)
	t.known[name] = true
	t.header(tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: mode})
}

// Bytes adds a file with the content given.
func (t *Tree) Bytes(name string, mode int64, content []byte) {
	t.Dir(path.Dir(clean(name)), 0o755)
	t.header(tar.Header{Typeflag: tar.TypeReg, Name: clean(name), Mode: mode, Size: int64(len(content))})
	if t.err == nil {
		_, t.err = t.out.Write(content)
	}
}

// File adds a copy of a file of this machine.
func (t *Tree) File(name string, mode int64, source string) {
	if t.err != nil {
		return
	}
	file, err := os.Open(source)
	if err != nil {
		t.err = err
		return
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.err = err
		return
	}
	t.Dir(path.Dir(clean(name)), 0o755)
	t.header(tar.Header{Typeflag: tar.TypeReg, Name: clean(name), Mode: mode, Size: info.Size()})
	if t.err == nil {
		_, t.err = io.Copy(t.out, file)
	}
}

// Link adds a symbolic link.
func (t *Tree) Link(name, target string) {
	t.Dir(path.Dir(clean(name)), 0o755)
	t.header(tar.Header{Typeflag: tar.TypeSymlink, Name: clean(name), Linkname: target, Mode: 0o777})
}

// Close ends the layer and returns it.
func (t *Tree) Close() (Layer, error) {
	defer t.file.Close()
	if t.err != nil {
		return Layer{}, t.err
	}
	if err := t.out.Close(); err != nil {
		return Layer{}, err
	}
	return LayerFile(t.file.Name())
}

func (t *Tree) header(h tar.Header) {
	if t.err != nil {
		return
	}
	h.ModTime = time.Unix(0, 0)
	h.Format = tar.FormatPAX
	t.err = t.out.WriteHeader(&h)
}

func clean(name string) string {
	return path.Clean(strings.TrimPrefix(name, "/"))
}
