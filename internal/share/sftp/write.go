package sftp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/pkg/sftp"
)

// write writes the content from an offset on, and flushes it to the disk where the
// server offers that.
func (u *upload) write(ctx context.Context, from int64, anyOrder bool) (err error) {
	first := os.O_CREATE
	if from == 0 {
		first |= os.O_TRUNC
	}
	size := u.source.Size - from
	if !anyOrder {
		size = 0 // one session
	}
	f, err := u.c.open(u.part, os.O_WRONLY, first, size)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := f.close(); err == nil {
			err = closeErr
		}
	}()
	if from > 0 {
		if err := f[0].Truncate(from); err != nil {
			return err
		}
	}
	u.c.watch.hold()
	r, err := u.source.Open(ctx, from)
	u.c.watch.release()
	if err != nil {
		return &sourceError{err}
	}
	defer r.Close()
	in := &reader{ctx: ctx, u: u, r: io.LimitReader(r, u.source.Size-from)}
	var good int64
	if anyOrder {
		good, err = u.parallel(f, in, from)
	} else {
		good, err = u.inOrder(f[0], in)
	}
	if _, answered := errorAs[*sftp.StatusError](err); answered && u.c.full(1) {
		return noSpace(u.c) // before the file is shortened
	}
	if err != nil {
		if !u.c.closed() {
			_ = f[0].Truncate(good) // otherwise the next attempt goes back
		}
		if anyOrder {
			_ = u.save(context.WithoutCancel(ctx), goodTo+strconv.FormatInt(good, 10)) // as without a state
		}
		return err
	}
	if good != u.source.Size {
		return &sourceError{fmt.Errorf("the content ends after %d of %d bytes", good, u.source.Size)}
	}
	if _, ok := u.c.sftp.HasExtension("fsync@openssh.com"); !ok {
		return nil
	}
	u.c.watch.allow(10 * u.c.stall) // of a slow disk
	err = f[0].Sync()
	u.c.watch.allow(u.c.stall)
	if status, ok := errorAs[*sftp.StatusError](err); ok && status.FxCode() == sftp.ErrSSHFxOpUnsupported {
		return nil
	}
	return err
}

// inOrder writes to a server that accepts nothing but the next packet. It returns up to
// where the file has no gap.
func (u *upload) inOrder(f *sftp.File, in *reader) (int64, error) {
	in.read = func(n int64) { u.progress(max(0, n-inFlight*packetSize)) }
	_, err := f.ReadFromWithConcurrency(in, inFlight)
	// The count that the library returns is what was read. The position is at or below
	// what the server has.
	good, _ := f.Seek(0, io.SeekCurrent) // sends no request
	if in.err != nil {
		err = &sourceError{in.err}
	}
	return good, err
}

// written is a block that is being written.
type written struct {
	end  int64
	done chan error
}

// parallel writes blocks in all sessions. A block is sent when the one windowBlocks
// before it is acknowledged, so gaps are never further from the end than that. It returns up
// to where the file has no gap.
func (u *upload) parallel(f files, in *reader, from int64) (good int64, err error) {
	order, free := make(chan written, windowBlocks-2), make(chan []byte, windowBlocks)
	for range windowBlocks {
		free <- nil
	}
	stop, collected := make(chan struct{}), make(chan error, 1)
	good = from
	go func() {
		var failed error
		for w := range order {
			switch err := <-w.done; {
			case failed != nil:
			case err != nil:
				failed = err
				close(stop)
			default:
				good = w.end
				u.c.watch.progress()
				u.progress(good)
			}
		}
		collected <- failed
	}()
	at := from
	for i := 0; ; i++ {
		buffer := <-free // of writes, all of which end
		if buffer == nil {
			buffer = make([]byte, blockSize)
		}
		n, readErr := io.ReadFull(in, buffer)
		if n > 0 {
			w := written{end: at + int64(n), done: make(chan error, 1)}
			file, offset := f[i%len(f)], at
			at = w.end
			select {
			case order <- w:
				go func() {
					_, err := file.WriteAt(buffer[:n], offset)
					free <- buffer
					w.done <- err
				}()
			case <-stop:
				readErr = io.EOF
			}
		}
		if readErr != nil {
			break
		}
	}
	close(order)
	err = <-collected
	if in.err != nil {
		err = &sourceError{in.err}
	}
	return good, err
}

func (u *upload) progress(sent int64) {
	if u.o.Progress != nil {
		u.o.Progress(sent)
	}
}

// reader reads the content.
type reader struct {
	ctx context.Context
	u   *upload
	r   io.Reader
	// read, if set, is called with how many bytes were read.
	read func(int64)
	n    int64
	err  error
}

func (r *reader) Read(p []byte) (int, error) {
	if r.err = r.ctx.Err(); r.err != nil {
		return 0, r.err
	}
	r.u.c.watch.hold()
	n, err := r.r.Read(p)
	r.u.c.watch.release()
	if r.n += int64(n); r.read != nil {
		r.read(r.n)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// sourceError is an error of the content, not of the server.
type sourceError struct{ cause error }

func (e *sourceError) Error() string { return "cannot read the content: " + e.cause.Error() }
func (e *sourceError) Unwrap() error { return e.cause }
