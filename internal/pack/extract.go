package pack

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/kubevast/vast/sdk/api"
)

// ExtractOptions select what is taken out of a pack. The zero value takes all.
type ExtractOptions struct {
	// Only takes what is below this path in the pack, and removes the path
	// from the names. If it is a file, that file becomes dir itself. A pack that does
	// not have it is *api.NotFoundError.
	Only string
	// Mode, if set, chooses the permission bits: name is that of the entry,
	// m has its type and its bits in the pack.
	Mode func(name string, m fs.FileMode) fs.FileMode
}

// maxWindow is what a pack may want to remember, in bytes; Write uses 4 MiB.
const maxWindow = 64 << 20

// Extract unpacks what Write packed into the folder dir, which is made if it
// is missing. Files that are there are replaced, folders are joined. Doing it
// again does no harm.
//
// Nothing is ever written outside dir, and no link is made that leads out of
// it: a pack that tries, by its names, its links or links that lie in dir
// already, is refused as api.InvalidSpecError. So is what is no pack.
func Extract(ctx context.Context, r io.Reader, dir string, o ExtractOptions) error {
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return err
	}
	defer z.Close()
	if o.Only != "" && !validName(o.Only) {
		return api.Invalid("", "%q is not a path in a pack", o.Only)
	}
	if err := extractTar(ctx, z, dir, o); err != nil {
		return err
	}
	// A hash of r needs all of it, and zstd's own checksum comes last.
	if _, err := io.Copy(io.Discard, &reader{ctx, z}); err != nil {
		return fmt.Errorf("reading a pack: %w", err)
	}
	return nil
}

// ExtractArchive unpacks a tar archive, whether it is compressed by gzip or zstd, into the
// folder dir as Extract does: nothing is written outside of dir, and an archive with hard
// links, device files or links that lead out is refused as api.InvalidSpecError. What the
// archive may set are the permission bits below 0755, and the owner always has his.
func ExtractArchive(ctx context.Context, r io.Reader, dir string) error {
	in := bufio.NewReaderSize(r, 256<<10)
	magic, err := in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading an archive: %w", err)
	}
	var plain io.Reader = in
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(in)
		if err != nil {
			return api.Invalid("", "the archive is refused: it is not gzip")
		}
		plain = z
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(2), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return err
		}
		defer z.Close()
		plain = z
	}
	owned := func(_ string, m fs.FileMode) fs.FileMode {
		if m.IsDir() {
			return m.Perm()&0o755 | 0o700
		}
		return m.Perm()&0o755 | 0o600
	}
	err = extractTar(ctx, plain, dir, ExtractOptions{Mode: owned})
	if errors.Is(err, tar.ErrHeader) {
		return api.Invalid("", "the archive is refused: it is damaged, or not tar")
	}
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, &reader{ctx, plain}); err != nil { // the checksum comes last
		return fmt.Errorf("reading an archive: %w", err)
	}
	return nil
}

func extractTar(ctx context.Context, r io.Reader, dir string, o ExtractOptions) error {
	x := &extractor{ctx: ctx, dir: dir, options: o, real: map[string]bool{}, buf: make([]byte, 128<<10)}
	defer x.close()
	entries := tar.NewReader(r)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := entries.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("reading a pack: %w", err)
		}
		if err := x.take(h, entries); err != nil {
			return err
		}
	}
	switch {
	case o.Only != "" && !x.found:
		return &api.NotFoundError{Kind: "path", Name: o.Only, Hint: "the pack does not have it"}
	case x.root == nil && !x.found:
		if err := x.open(dir); err != nil { // an empty pack is an empty folder
			return err
		}
	}
	return x.setModes()
}

// extractor unpacks one pack.
type extractor struct {
	ctx     context.Context
	dir     string
	options ExtractOptions
	root    *os.Root
	found   bool
	// real are the folders that are known to be there, and no links.
	real map[string]bool
	// modes of the folders are set in the end: one may forbid writing.
	modes []folderMode
	buf   []byte
}

type folderMode struct {
	name string
	mode fs.FileMode
}

func (x *extractor) open(dir string) (err error) {
	if x.root != nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	x.root, err = os.OpenRoot(dir)
	return err
}

func (x *extractor) close() {
	if x.root != nil {
		_ = x.root.Close() // every file is closed already
	}
}

// take unpacks one entry.
func (x *extractor) take(h *tar.Header, content io.Reader) error {
	name := strings.TrimSuffix(h.Name, "/")
	if !validName(name) {
		return refused(h.Name, "is not a path inside the folder")
	}
	info := h.FileInfo().Mode()
	if only := x.options.Only; only != "" {
		rest, below := strings.CutPrefix(name, only+"/")
		switch {
		case name == only && h.Typeflag == tar.TypeReg:
			return x.single(name, info, content)
		case name == only && h.Typeflag == tar.TypeDir:
			rest = "." // the folder itself
		case name == only:
			return refused(h.Name, "is neither file nor folder")
		case !below:
			return nil
		}
		name = rest
	}
	x.found = true
	if err := x.open(x.dir); err != nil {
		return err
	}
	if err := x.parents(name); err != nil {
		return err
	}
	mode := x.mode(h.Name, info)
	switch h.Typeflag {
	case tar.TypeDir:
		x.modes = append(x.modes, folderMode{name, mode})
		return x.folder(name)
	case tar.TypeReg:
		return x.file(name, mode, content)
	case tar.TypeSymlink:
		return x.link(name, h.Linkname)
	case tar.TypeLink:
		return refused(h.Name, "is a hard link; packs have none")
	}
	return refused(h.Name, "is neither file, folder nor link")
}

// single makes the one file that was asked for, in the place of the folder.
func (x *extractor) single(name string, info fs.FileMode, content io.Reader) error {
	if err := x.open(filepath.Dir(x.dir)); err != nil {
		return err
	}
	x.found = true
	return x.file(filepath.Base(x.dir), x.mode(name, info), content)
}

func (x *extractor) mode(name string, m fs.FileMode) fs.FileMode {
	if x.options.Mode != nil {
		m = x.options.Mode(name, m)
	}
	return m.Perm()
}

// parents makes the folders above an entry. None of them may be a link.
func (x *extractor) parents(name string) error {
	for i := range len(name) {
		if name[i] == '/' {
			if err := x.folder(name[:i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *extractor) folder(name string) error {
	if name == "." || x.real[name] {
		return nil
	}
	err := x.root.Mkdir(name, 0o755)
	if errors.Is(err, fs.ErrExist) {
		var info fs.FileInfo
		if info, err = x.root.Lstat(name); err == nil && !info.IsDir() {
			return refused(name, "is to be a folder, but a file or a link is there")
		}
	}
	if err != nil {
		return x.inDir(err)
	}
	x.real[name] = true
	return nil
}

func (x *extractor) file(name string, mode fs.FileMode, content io.Reader) error {
	f, err := x.create(name)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(f, &reader{x.ctx, content}, x.buf)
	if err == nil {
		err = f.Chmod(mode)
	}
	return x.inDir(errors.Join(err, f.Close()))
}

// create makes a new file; what was there before gives way.
func (x *extractor) create(name string) (*os.File, error) {
	const flags = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	f, err := x.root.OpenFile(name, flags, 0o600)
	if errors.Is(err, fs.ErrExist) {
		if err := x.clear(name); err != nil {
			return nil, err
		}
		f, err = x.root.OpenFile(name, flags, 0o600)
	}
	return f, x.inDir(err)
}

func (x *extractor) link(name, target string) error {
	if LeadsOut(name, target) {
		return refused(name, fmt.Sprintf("is a link that leads out of the folder, to %q", target))
	}
	err := x.root.Symlink(target, name)
	if errors.Is(err, fs.ErrExist) {
		if err := x.clear(name); err != nil {
			return err
		}
		err = x.root.Symlink(target, name)
	}
	return x.inDir(err)
}

// clear removes a file or a link.
func (x *extractor) clear(name string) error {
	info, err := x.root.Lstat(name)
	if err != nil {
		return x.inDir(err)
	}
	if info.IsDir() {
		return refused(name, "is to be a file or a link, but a folder is there")
	}
	return x.inDir(x.root.Remove(name))
}

// setModes sets the modes of the folders, the inner ones first.
func (x *extractor) setModes() error {
	for i := len(x.modes) - 1; i >= 0; i-- {
		if err := x.root.Chmod(x.modes[i].name, x.modes[i].mode); err != nil {
			return x.inDir(err)
		}
	}
	return nil
}

// inDir adds the folder to an error, which contains only the path below it.
func (x *extractor) inDir(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("unpacking into %s: %w", x.dir, err)
}

func refused(name, why string) error {
	return api.Invalid("", "the pack is refused: %q %s", name, why)
}

// reader ends when ctx does.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
