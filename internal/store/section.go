package store

import (
	"crypto/md5" // against accidents on the way, not against people
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
)

// section is a part of something that can be read again: a file, say. It notices
// when that has become shorter.
type section struct {
	*io.SectionReader
	at, size int64
}

func newSection(r io.ReaderAt, offset, size int64) *section {
	return &section{SectionReader: io.NewSectionReader(r, offset, size), size: size}
}

// sectionOf takes what r has from where it is at; ok is false for a stream.
func sectionOf(r io.Reader) (s *section, ok bool) {
	at, ok := r.(interface {
		io.ReaderAt
		io.Seeker
	})
	if !ok {
		return nil, false
	}
	if file, isFile := r.(*os.File); isFile {
		if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
			return nil, false
		}
	}
	begin, err := at.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, false
	}
	end, err := at.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, false
	}
	if _, err := at.Seek(begin, io.SeekStart); err != nil {
		return nil, false
	}
	return newSection(at, begin, max(0, end-begin)), true
}

// errChanged is a section that has become shorter while it was read.
var errChanged = errors.New("the content became shorter while it was read")

func isChanged(err error) bool { return errors.Is(err, errChanged) }

func (s *section) Read(p []byte) (int, error) {
	n, err := s.SectionReader.Read(p)
	s.at += int64(n)
	if errors.Is(err, io.EOF) && s.at < s.size {
		err = errChanged
	}
	return n, err
}

func (s *section) Seek(offset int64, whence int) (int64, error) {
	at, err := s.SectionReader.Seek(offset, whence)
	s.at = at
	return at, err
}

// digest returns that of the whole section.
func (s *section) digest() (digest, error) {
	if _, err := s.Seek(0, io.SeekStart); err != nil {
		return digest{}, err
	}
	all := newDigester()
	_, err := io.Copy(all, s)
	return all.digest(), err
}

// digests returns the SHA-256 of the whole section, and the digests of its parts of
// a size.
func (s *section) digests(part int64) (whole string, parts []digest, err error) {
	if _, err := s.Seek(0, io.SeekStart); err != nil {
		return "", nil, err
	}
	all := sha256.New()
	for s.at < s.size {
		one := newDigester()
		if _, err := io.CopyN(io.MultiWriter(all, one), s, min(part, s.size-s.at)); err != nil {
			return "", nil, err
		}
		parts = append(parts, one.digest())
	}
	return sum(all), parts, nil
}

// digest is what a request says of its content, for the store to hold it against.
// Not every store looks at the same one: rclone at the MD5 only.
type digest struct {
	sha256 string // in hex
	md5    string // in base64, as the header Content-MD5 has it
}

// digester makes a digest of what is written to it.
type digester struct {
	io.Writer
	sha256, md5 hash.Hash
}

func newDigester() *digester {
	d := &digester{sha256: sha256.New(), md5: md5.New()} // said above
	d.Writer = io.MultiWriter(d.sha256, d.md5)
	return d
}

func (d *digester) digest() digest {
	return digest{sha256: sum(d.sha256), md5: base64.StdEncoding.EncodeToString(d.md5.Sum(nil))}
}

func digestOf(content []byte) digest {
	d := newDigester()
	_, _ = d.Write(content) // a hash takes everything
	return d.digest()
}

func sum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

func sumOf(content []byte) string {
	s := sha256.Sum256(content)
	return hex.EncodeToString(s[:])
}
