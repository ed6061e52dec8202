package logs

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/api"
)

const (
	// keptAtOnce is the number of stored logs that are read concurrently.
	keptAtOnce = 8
	// firstWindow is how much of the end of a log is read for its last lines; each
	// further attempt reads four times as much.
	firstWindow = 256 << 10
)

// Kept is the stored log of one node: each line is
// "<time in RFC3339Nano> <text>".
type Kept struct {
	Rank int
	// Size is its length in bytes.
	Size int64
	// Open returns a reader from an offset.
	Open func(ctx context.Context, offset int64) (io.ReadCloser, error)
}

// ReadKept passes every line of the logs to sink, each log's lines in order and one call
// at a time. o.Tail and o.Since select lines as in Read; the rest of o is ignored. It
// stops at an error of sink and returns it.
func ReadKept(ctx context.Context, logs []Kept, o api.LogOptions, sink api.LogSink) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &keptReader{sink: sink, tail: o.Tail}
	if o.Since > 0 {
		r.since = time.Now().Add(-o.Since).UnixNano()
	}
	slots := make(chan struct{}, keptAtOnce)
	var reading sync.WaitGroup
	for _, log := range logs {
		slots <- struct{}{}
		reading.Go(func() {
			defer func() { <-slots }()
			if err := r.read(ctx, log); err != nil {
				r.fail(err)
				cancel()
			}
		})
	}
	reading.Wait()
	return r.err
}

type keptReader struct {
	tail  *int64
	since int64

	mu   sync.Mutex // held while sink runs
	sink api.LogSink
	err  error
}

func (r *keptReader) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
}

func (r *keptReader) read(ctx context.Context, log Kept) error {
	offset := int64(0)
	if r.tail != nil {
		var err error
		if offset, err = lastLines(ctx, log, *r.tail); err != nil || offset == log.Size {
			return err
		}
	}
	var split splitter
	deliver := func(p piece) { r.deliver(log.Rank, p) }
	err := scan(ctx, log, offset, func(chunk []byte) error {
		split.feed(chunk, deliver)
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.err
	})
	if err == nil {
		split.flush(deliver)
	}
	return err
}

func (r *keptReader) deliver(rank int, p piece) {
	if p.when < r.since {
		return
	}
	line := api.LogLine{Rank: rank, Text: p.text}
	if p.stamped {
		line.Time = metav1.MicroTime{Time: time.Unix(0, p.when).UTC()}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = r.sink(line)
	}
}

// lastLines returns the offset of the last n lines of a log.
func lastLines(ctx context.Context, log Kept, n int64) (int64, error) {
	for window := int64(firstWindow); ; window *= 4 {
		from := max(log.Size-window, 0)
		starts, at, err := []int64{}, from, error(nil)
		if from == 0 {
			starts = append(starts, 0)
		}
		err = scan(ctx, log, from, func(chunk []byte) error {
			for i, b := range chunk {
				if b == '\n' {
					starts = append(starts, at+int64(i)+1)
				}
			}
			at += int64(len(chunk))
			// What begins at the end is no line.
			if keep := n + 1; int64(len(starts)) > keep {
				starts = starts[int64(len(starts))-keep:]
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
		if last := len(starts) - 1; last >= 0 && starts[last] == log.Size {
			starts = starts[:last]
		}
		switch have := int64(len(starts)); {
		case n == 0:
			return log.Size, nil
		case have >= n:
			return starts[have-n], nil
		case from == 0:
			return 0, nil
		}
	}
}

// scan reads a log from an offset, chunk by chunk, up to the size that it had.
func scan(ctx context.Context, log Kept, offset int64, each func([]byte) error) error {
	body, err := log.Open(ctx, offset)
	if err != nil {
		return err
	}
	defer body.Close()
	rest := io.LimitReader(body, log.Size-offset)
	buf := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buf)
	for {
		n, err := rest.Read(buf[:])
		if n > 0 {
			if err := each(buf[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
