package sharetest

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"sync"

	"github.com/kubevast/vast/sdk/share"
)

// blockSize is how much of a content one seed makes.
const blockSize = 64 << 10

// content is a text of any size that is the same for the same seed and is not held in
// memory.
type content struct {
	seed uint64
	size int64
}

// ReadAt implements io.ReaderAt.
func (c content) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) && off < c.size {
		block := c.block(off / blockSize)
		from := off % blockSize
		k := copy(p[n:], block[from:min(blockSize, c.size-off+from)])
		n, off = n+k, off+int64(k)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (c content) block(i int64) []byte {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], c.seed)
	binary.LittleEndian.PutUint64(seed[8:], uint64(i))
	block := make([]byte, blockSize)
	_, _ = rand.NewChaCha8(seed).Read(block) // never fails
	return block
}

// checksums are computed once for each content.
var checksums sync.Map

func (c content) checksums() share.Checksums {
	if known, ok := checksums.Load(c); ok {
		return known.(share.Checksums)
	}
	s, m, k := sha256.New(), md5.New(), crc32.New(crc32.MakeTable(crc32.Castagnoli))
	_, _ = io.Copy(io.MultiWriter(s, m, k), io.NewSectionReader(c, 0, c.size)) // neither side fails
	sums := share.Checksums{SHA256: hex.EncodeToString(s.Sum(nil)), MD5: hex.EncodeToString(m.Sum(nil)), CRC32C: hex.EncodeToString(k.Sum(nil))}
	checksums.Store(c, sums)
	return sums
}

func (c content) source() share.Source {
	return share.Source{Size: c.size, Checksums: c.checksums(), Open: func(_ context.Context, offset int64) (io.ReadCloser, error) {
		if offset < 0 || offset > c.size {
			return nil, fmt.Errorf("the provider reads from offset %d of %d bytes", offset, c.size)
		}
		return io.NopCloser(io.NewSectionReader(c, offset, c.size-offset)), nil
	}}
}

// comparer is an io.WriterAt that compares what is written with a content.
type comparer struct {
	want content
	mu   sync.Mutex
	// wrong is the first problem.
	wrong error
	// covered has the parts that were written, as start and end.
	covered [][2]int64
}

// WriteAt implements io.WriterAt.
func (c *comparer) WriteAt(p []byte, off int64) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	expected := make([]byte, len(p))
	n, _ := c.want.ReadAt(expected, off) // less than p is a difference
	if !bytes.Equal(expected[:n], p) && c.wrong == nil {
		c.wrong = fmt.Errorf("%d bytes at offset %d are not those of the content", len(p), off)
	}
	c.covered = append(c.covered, [2]int64{off, off + int64(len(p))})
	return len(p), nil
}

// check returns what is wrong with the content from offset on.
func (c *comparer) check(offset int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wrong != nil {
		return c.wrong
	}
	for at, more := offset, true; at < c.want.size; {
		if !more {
			return fmt.Errorf("nothing was written at offset %d of %d", at, c.want.size)
		}
		more = false
		for _, part := range c.covered {
			if part[0] <= at && part[1] > at {
				at, more = part[1], true
			}
		}
	}
	return nil
}
