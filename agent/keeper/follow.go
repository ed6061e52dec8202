package keeper

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/kubevast/vast/agent/apiserver"
)

// logSource opens a container's log.
type logSource func(ctx context.Context, o apiserver.LogOptions) (io.ReadCloser, error)

// follower writes one container's log to a file, and detects the container's
// end by it: a log that is opened anew and ends without a new line is that of a
// container that does not run. While a pod is being deleted Kubernetes reports
// an end in no other way.
type follower struct {
	container string
	open      logSource
	file      string
	// terminating is closed when the pod is being terminated.
	terminating <-chan struct{}
	say         func(format string, args ...any)

	// over is closed when the container's end is known from elsewhere.
	over chan struct{}
	// pause is the first pause between two attempts; 0 for the default.
	pause time.Duration
}

const (
	retryFirst = time.Second
	retryMost  = 10 * time.Second
	// sureAfter is how many attempts in a row have to find nothing.
	sureAfter = 2
)

// run follows the log to the container's end. Containers may be restarted until
// the pod is being terminated.
func (f *follower) run(ctx context.Context) error {
	out, w, err := openLogFile(f.file)
	if err != nil {
		return err
	}
	defer out.Close()
	first := cmp.Or(f.pause, retryFirst)
	pause, nothing, said := first, 0, false
	for {
		fresh, err := f.read(ctx, w, true)
		if err == nil {
			said = false
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case closed(f.over):
			_, err := f.read(ctx, w, false) // what came after the stream was cut
			return errors.Join(w.failed, err)
		case apiserver.Is(err, http.StatusNotFound):
			return w.failed // the pod is gone
		case fresh > 0:
			pause, nothing = first, 0
			continue
		case closed(f.terminating) && (err == nil || apiserver.Is(err, http.StatusBadRequest)):
			if nothing++; nothing >= sureAfter {
				return w.failed
			}
		case err != nil && !said && !apiserver.Is(err, http.StatusBadRequest):
			said = true // once, until it works again: a right that is missing may be so for days
			f.say("the log of %s cannot be read at the moment: %v", f.container, err)
		}
		terminating := f.terminating
		if closed(terminating) {
			terminating = nil
		}
		select {
		case <-time.After(pause):
			pause = min(2*pause, retryMost)
		case <-terminating:
			pause = first
		case <-f.over:
		case <-ctx.Done():
		}
	}
}

// once writes the log of a container that has ended.
func (f *follower) once(ctx context.Context) error {
	out, w, err := openLogFile(f.file)
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = f.read(ctx, w, false)
	return errors.Join(w.failed, err)
}

// read copies what is new. It returns when the stream ends or breaks, or the
// container is over.
func (f *follower) read(ctx context.Context, w *logWriter, follow bool) (int, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if follow {
		go func() {
			select {
			case <-f.over:
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	stream, err := f.open(ctx, apiserver.LogOptions{Container: f.container, Follow: follow, Since: w.last})
	if err != nil {
		return 0, err
	}
	defer stream.Close()
	return w.copy(stream)
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
