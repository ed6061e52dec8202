package sftp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"

	"github.com/kubevast/vast/sdk/share"
)

func (p *provider) Download(ctx context.Context, name string, w io.WriterAt, o share.DownloadOptions) (object share.Object, err error) {
	if err := share.ValidName(name); err != nil {
		return share.Object{}, err
	}
	err = p.with(ctx, fmt.Sprintf("read %q", name), func(c *conn) error {
		if object, err = c.object(name); err != nil {
			return err
		}
		f, err := c.open(path.Join(c.dir, name), os.O_RDONLY, 0, object.Size-o.Offset)
		if err != nil {
			return err
		}
		defer f.close()
		// The name may be another file's by now.
		info, err := f.same()
		if err != nil {
			return err
		}
		object = describe(name, info)
		from := o.Offset
		if o.Validator != "" && o.Validator != object.Validator || from > object.Size {
			from = 0
		}
		return c.read(ctx, f, from, object.Size, w, o.Progress)
	})
	return object, err
}

// block is a part of a file.
type block struct {
	bytes []byte
	err   error
}

// read copies a file from an offset on. Blocks are requested at the same time and
// written in their order, so that w never has a gap.
func (c *conn) read(ctx context.Context, f files, from, size int64, w io.WriterAt, progress func(written, size int64)) error {
	if progress != nil {
		progress(from, size)
	}
	order, free := make(chan chan block, windowBlocks), make(chan []byte, windowBlocks+2)
	stop := make(chan struct{})
	go func() {
		defer close(order)
		for at, i := from, 0; at < size; at, i = at+blockSize, i+1 {
			file := f[i%len(f)]
			next := make(chan block, 1)
			select {
			case order <- next:
			case <-stop:
				return
			}
			var buffer []byte
			select {
			case buffer = <-free:
			default:
				buffer = make([]byte, blockSize)
			}
			go func() {
				b := buffer[:min(blockSize, size-at)]
				n, err := file.ReadAt(b, at)
				if n < len(b) && err == nil || errors.Is(err, io.EOF) {
					err = io.ErrUnexpectedEOF
				}
				if n == len(b) {
					err = nil
				}
				next <- block{b[:n], err}
			}()
		}
	}()
	var failed error
	at := from
	for next := range order {
		got := <-next
		if failed != nil {
			continue
		}
		c.watch.hold()
		if failed = got.err; failed == nil {
			_, failed = w.WriteAt(got.bytes, at)
			if failed != nil {
				failed = &sinkError{failed}
			}
		}
		c.watch.release()
		if failed == nil {
			failed = ctx.Err()
		}
		if failed != nil {
			close(stop)
			continue
		}
		at += int64(len(got.bytes))
		if progress != nil {
			progress(at, size)
		}
		select {
		case free <- got.bytes[:cap(got.bytes)]:
		default:
		}
	}
	if errors.Is(failed, io.ErrUnexpectedEOF) && !c.closed() {
		return &share.TemporaryError{Message: fmt.Sprintf("the file on %s became shorter than %d bytes during the download", c.address, size), Cause: failed}
	}
	return failed
}

// sinkError is an error of the file that a download is written to.
type sinkError struct{ cause error }

func (e *sinkError) Error() string { return "cannot write the file: " + e.cause.Error() }
func (e *sinkError) Unwrap() error { return e.cause }
