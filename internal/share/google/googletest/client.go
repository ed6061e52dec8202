package googletest

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net/http"

	"github.com/kubevast/vast/sdk/share"
)

// Bytes returns n bytes, always the same for the same seed.
func Bytes(n int, seed uint8) []byte {
	data := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(data) // never fails
	return data
}

// Source returns data as the content of an upload.
func Source(data []byte) share.Source {
	m, h, k := md5.Sum(data), sha256.Sum256(data), crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
	return share.Source{Size: int64(len(data)),
		Checksums: share.Checksums{MD5: hex.EncodeToString(m[:]), SHA256: hex.EncodeToString(h[:]), CRC32C: fmt.Sprintf("%08x", k)},
		Open: func(_ context.Context, offset int64) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(data[offset:])), nil
		}}
}

// State is a share.State in memory.
type State struct{ Text string }

// Load implements share.State.
func (s *State) Load(context.Context) (string, error) { return s.Text, nil }

// Save implements share.State.
func (s *State) Save(_ context.Context, text string) error {
	s.Text = text
	return nil
}

// IsTemporary reports whether err is a share.TemporaryError.
func IsTemporary(err error) bool {
	var e *share.TemporaryError
	return errors.As(err, &e)
}

// CutUpload makes the double receive n bytes of the next request with content, store what the
// service would, and cut the connection.
func (s *Server) CutUpload(n int64) {
	s.hookOnce(func(r *http.Request) {
		r.Body = io.NopCloser(io.MultiReader(io.LimitReader(r.Body, n), broken{}))
		s.Serve(discard{http.Header{}}, r)
	})
}

// LoseAnswer makes the double receive the next request with content whole, and cut the
// connection instead of answering.
func (s *Server) LoseAnswer() {
	s.hookOnce(func(r *http.Request) { s.Serve(discard{http.Header{}}, r) })
}

func (s *Server) hookOnce(receive func(r *http.Request)) {
	done := false
	s.SetHook(func(_ http.ResponseWriter, r *http.Request) bool {
		if done || r.Method != http.MethodPut || r.ContentLength == 0 {
			return false
		}
		done = true
		receive(r)
		panic(http.ErrAbortHandler)
	})
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// discard is an answer that is lost.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}
