package sftp

import (
	"errors"
	"os"
	"sync"

	"github.com/pkg/sftp"
)

// The window of OpenSSH for what a session has not acknowledged is 2 MiB, which limits it to
// 40 MiB/s at a round trip of 50 ms. Large transfers therefore use several sessions
// of one connection, if the server permits that.
const (
	sessions     = 4
	packetSize   = 32768
	inFlight     = 64 // packets of a session
	blockSize    = 8 * packetSize
	windowBlocks = sessions * inFlight * packetSize / blockSize
	// large is the size from which on a transfer uses all sessions.
	large = 4 << 20
)

// session starts the server's program for SFTP. Packets are of the size that every
// server accepts: some answer larger ones in part.
func (c *conn) session() (*sftp.Client, error) {
	return sftp.NewClient(c.ssh, sftp.MaxPacketChecked(packetSize), sftp.MaxConcurrentRequestsPerFile(inFlight), sftp.UseConcurrentWrites(true), sftp.UseFstat(true))
}

// open opens a file in as many sessions as are good for the transfer of size bytes; in
// the first one with the flags first too.
func (c *conn) open(file string, flags, first int, size int64) (files, error) {
	f, err := c.sftp.OpenFile(file, flags|first)
	if err != nil {
		return nil, err
	}
	all := files{f}
	if size < large {
		return all, nil
	}
	c.startMore()
	for _, s := range c.more {
		f, err := s.OpenFile(file, flags)
		if err != nil {
			break // one is enough
		}
		all = append(all, f)
	}
	return all, nil
}

// startMore starts the other sessions once.
func (c *conn) startMore() {
	if c.more != nil {
		return
	}
	c.more = []*sftp.Client{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for range sessions - 1 {
		all.Go(func() {
			s, err := c.session()
			if err != nil {
				return // the server permits fewer
			}
			mu.Lock()
			defer mu.Unlock()
			c.more = append(c.more, s)
		})
	}
	all.Wait()
}

// files are handles of one file in different sessions.
type files []*sftp.File

func (f files) close() error {
	var first error
	for _, one := range f {
		if err := one.Close(); first == nil && !errors.Is(err, os.ErrClosed) {
			first = err
		}
	}
	return first
}

// same returns what the server reports about the file, and closes handles of another
// file: the name may have been given to one meanwhile.
func (f *files) same() (os.FileInfo, error) {
	info, err := (*f)[0].Stat()
	if err != nil {
		return nil, err
	}
	for i, one := range (*f)[1:] {
		other, err := one.Stat()
		if err != nil || other.Size() != info.Size() || !other.ModTime().Equal(info.ModTime()) {
			for _, rest := range (*f)[i+1:] {
				_ = rest.Close() // it was read only
			}
			*f = (*f)[:i+1]
			return info, err
		}
	}
	return info, nil
}
