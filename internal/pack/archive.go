package pack

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/klauspost/pgzip"

	"github.com/kubevast/vast/sdk/api"
)

// ArchiveSuffixes are the kinds of archives, by the ends of their names.
var ArchiveSuffixes = []string{".tar.gz", ".tgz", ".tar.zst", ".tar"}

// File is one entry of an archive.
type File struct {
	// Name in the archive: relative, with slashes, clean.
	Name string
	// Mode has the type and the permission bits.
	Mode fs.FileMode
	// Size of a regular file, in bytes.
	Size int64
	// Modified counts to the second.
	Modified time.Time
	// Link is where a symbolic link points to.
	Link string
}

// Archive is an archive that is being written. It is not safe for concurrent
// use. Unlike a pack it is for people: times are kept, the order is theirs.
//
// Its headers are GNU's, which BusyBox, bsdtar, GNU tar and Python read alike.
// Of the newer pax format BusyBox ignores the sizes, so that a file of 8 GiB is
// empty and all behind it lost, and bsdtar composes names, so that two files
// become one.
type Archive struct {
	tar      *tar.Writer
	compress io.WriteCloser
	buf      []byte
}

// ArchiveWriter begins an archive on w. The end of its name says of what kind:
// .tar.gz or .tgz, which all cores compress, .tar.zst, or .tar. Another end is
// api.InvalidSpecError. Without Close the archive is not whole; w stays open.
func ArchiveWriter(w io.Writer, name string) (*Archive, error) {
	a := &Archive{buf: make([]byte, 1<<20)}
	switch {
	case strings.HasSuffix(name, ".tar.gz"), strings.HasSuffix(name, ".tgz"):
		z := pgzip.NewWriter(w)
		z.ModTime = time.Unix(0, 0) // which is "none" to gzip; the zero time would be one in 2042
		a.compress = z
	case strings.HasSuffix(name, ".tar.zst"):
		z, err := zstd.NewWriter(w)
		if err != nil {
			return nil, err
		}
		a.compress = z
	case strings.HasSuffix(name, ".tar"):
		a.compress = plain{w}
	default:
		return nil, api.Invalid("", "%q has no suffix of a kind of archive; end it with %s", name, orList(ArchiveSuffixes))
	}
	a.tar = tar.NewWriter(a.compress)
	return a, nil
}

const (
	// levelGzip is about half as large as no compression costs in time: between pigz's
	// levels 1 and 6 in size.
	levelGzip = 3
	// gzipBlock and gzipBlocks bound the memory: each block in work holds its input, its
	// output and a compressor.
	gzipBlock  = 256 << 10
	gzipBlocks = 4
)

// ReproducibleArchive is ArchiveWriter for .tar.gz and .tar.zst with a memory, and bytes,
// that do not depend on the number of processors.
func ReproducibleArchive(w io.Writer, name string) (*Archive, error) {
	a := &Archive{buf: make([]byte, 256<<10)}
	switch {
	case strings.HasSuffix(name, ".tar.gz"):
		z, err := pgzip.NewWriterLevel(w, levelGzip)
		if err != nil {
			return nil, err
		}
		if err := z.SetConcurrency(gzipBlock, min(max(runtime.GOMAXPROCS(0), 2), gzipBlocks)); err != nil {
			return nil, err
		}
		z.ModTime = time.Unix(0, 0)
		a.compress = z
	case strings.HasSuffix(name, ".tar.zst"):
		z, err := zstd.NewWriter(w, encoderOptions...)
		if err != nil {
			return nil, err
		}
		a.compress = z
	default:
		return nil, api.Invalid("", "%q does not end in .tar.gz or .tar.zst", name)
	}
	a.tar = tar.NewWriter(a.compress)
	return a, nil
}

// Add puts a file, a folder or a link into the archive. r is the content of a
// regular file, and nil for the others. More or fewer bytes than f.Size is an
// error, and the archive is broken then.
func (a *Archive) Add(f File, r io.Reader) error {
	if !validName(f.Name) {
		return api.Invalid("", "%q is not a path in an archive", f.Name)
	}
	h := &tar.Header{Format: tar.FormatGNU, Name: f.Name, Mode: int64(f.Mode.Perm()), ModTime: f.Modified.Truncate(time.Second)}
	switch f.Mode.Type() {
	case fs.ModeDir:
		h.Typeflag, h.Name = tar.TypeDir, f.Name+"/"
	case fs.ModeSymlink:
		h.Typeflag, h.Linkname = tar.TypeSymlink, f.Link
	case 0:
		h.Typeflag, h.Size = tar.TypeReg, f.Size
	default:
		return api.Invalid("", "%s is %s and cannot go into an archive", f.Name, kindOf(f.Mode))
	}
	if err := a.tar.WriteHeader(h); err != nil {
		return err
	}
	if h.Typeflag != tar.TypeReg {
		return nil
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{a.tar}, r, a.buf)
	switch {
	case errors.Is(err, tar.ErrWriteTooLong):
		return fmt.Errorf("%s is larger than the %d bytes it was said to have", f.Name, f.Size)
	case err == nil && n < f.Size:
		return fmt.Errorf("%s has %d bytes, %d less than it was said to have", f.Name, n, f.Size-n)
	}
	return err
}

// Close writes the end of the archive.
func (a *Archive) Close() error {
	return errors.Join(a.tar.Close(), a.compress.Close())
}

// plain compresses nothing.
type plain struct{ io.Writer }

func (plain) Close() error { return nil }

func orList(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
