package shares

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kubevast/vast/sdk/share"
)

// zeros is a source of so many zero bytes, and how many of them were read.
func zeros(size int64) (share.Source, *atomic.Int64) {
	read := &atomic.Int64{}
	open := func(offset int64) io.Reader { return io.LimitReader(zeroReader{}, size-offset) }
	s, m := sha256.New(), md5.New()
	_, _ = io.Copy(io.MultiWriter(s, m), open(0)) // neither side fails
	return share.Source{Size: size, Checksums: share.Checksums{SHA256: hex.EncodeToString(s.Sum(nil)), MD5: hex.EncodeToString(m.Sum(nil))},
		Open: func(_ context.Context, offset int64) (io.ReadCloser, error) {
			return io.NopCloser(&countedReader{open(offset), read}), nil
		}}, read
}

type zeroReader struct{}

// Read implements io.Reader.
func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

type countedReader struct {
	io.Reader
	n *atomic.Int64
}

// Read implements io.Reader.
func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// state is a share.State in memory.
type state struct{ text string }

// Load implements share.State.
func (s *state) Load(context.Context) (string, error) { return s.text, nil }

// Save implements share.State.
func (s *state) Save(_ context.Context, text string) error {
	s.text = text
	return nil
}

// transferred returns how many bytes reach the server at address by way of the address
// that use gets.
func transferred(t testing.TB, use func(address string), address string) int64 {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var (
		total atomic.Int64
		all   sync.WaitGroup
	)
	all.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", address)
			if err != nil {
				_ = client.Close()
				continue
			}
			all.Go(func() {
				_, _ = io.Copy(server, io.TeeReader(client, writeCounter{&total})) // one side ends it
				_ = server.Close()
			})
			all.Go(func() {
				_, _ = io.Copy(client, server) // one side ends it
				_ = client.Close()
			})
		}
	})
	use(l.Addr().String())
	_ = l.Close()
	return total.Load()
}

type writeCounter struct{ n *atomic.Int64 }

// Write implements io.Writer.
func (c writeCounter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}

// interrupted uploads twice: the first attempt is canceled at a progress.
type interrupted struct {
	share share.ShareProvider
	at    int64
}

func (i *interrupted) run(t testing.TB, source share.Source) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	kept := &state{}
	o := share.UploadOptions{State: kept, Progress: func(sent int64) {
		if sent > i.at {
			cancel()
		}
	}}
	if _, err := i.share.Upload(ctx, "interrupted", source, o); !errors.Is(err, context.Canceled) {
		t.Fatalf("%T %v", err, err)
	}
	o.Progress = nil
	if _, err := i.share.Upload(t.Context(), "interrupted", source, o); err != nil {
		t.Error(err)
	}
	if err := i.share.Close(); err != nil {
		t.Error(err)
	}
}
