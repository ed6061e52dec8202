package result

import (
	"bytes"
	"io"
	"os"
)

// spool holds what is written to it, the first part in memory and a long rest
// in a file, until it is closed.
type spool struct {
	size   int64
	memory bytes.Buffer
	rest   *os.File
}

func newSpool(data []byte) *spool {
	return &spool{size: int64(len(data)), memory: *bytes.NewBuffer(data)}
}

// Write implements io.Writer.
func (s *spool) Write(p []byte) (int, error) {
	if s.rest == nil && s.memory.Len()+len(p) <= inMemory {
		s.size += int64(len(p))
		return s.memory.Write(p)
	}
	if s.rest == nil {
		f, err := os.CreateTemp("", "vast-log-*")
		if err != nil {
			return 0, err
		}
		s.rest = f
	}
	n, err := s.rest.Write(p)
	s.size += int64(n)
	return n, err
}

// reader reads all that was written, once.
func (s *spool) reader() (io.Reader, error) {
	if s.rest == nil {
		return &s.memory, nil
	}
	_, err := s.rest.Seek(0, io.SeekStart)
	return io.MultiReader(&s.memory, s.rest), err
}

func (s *spool) close() {
	if s.rest != nil {
		_ = s.rest.Close()
		_ = os.Remove(s.rest.Name()) // it is a copy
	}
}
