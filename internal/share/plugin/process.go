package plugin

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/kubevast/vast/sdk/share"
)

const (
	// maxLine bounds the lines that a plug-in prints, and maxData what follows one.
	maxLine = 1 << 20
	maxData = 1 << 20
	// grace is how long a process may take to end after its stdin was closed.
	grace = 2 * time.Second
)

// stall is how long a plug-in may neither print nor read anything during a request.
var stall = time.Minute

// program is an executable of a type.
type program struct {
	name, path string
	// redact hides credentials in what it prints.
	redact *strings.Replacer
}

// process is a running plug-in, with one request at a time.
type process struct {
	program
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *os.File
	lines  *bufio.Reader
	stderr *tail
	// ended is closed when the process has ended, with err.
	ended chan struct{}
	err   error
	// id of the last request.
	id    int
	mu    sync.Mutex
	timer *time.Timer
	cause error
}

var errStalled = errors.New("stalled")

func (p program) start() (*process, error) {
	r := &process{program: p, stderr: &tail{}, ended: make(chan struct{})}
	// Not CommandContext: a process that is canceled gets its time to end.
	r.cmd = exec.Command(p.path) // see above
	r.cmd.Stderr = r.stderr
	r.cmd.WaitDelay = grace
	out, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	r.out, r.lines, r.cmd.Stdout = out, bufio.NewReaderSize(out, 64<<10), w
	if r.in, err = r.cmd.StdinPipe(); err == nil {
		err = r.cmd.Start()
	}
	if err != nil {
		_ = out.Close()
		return nil, p.broken("it cannot be started: %v", err)
	}
	go func() {
		r.err = r.cmd.Wait()
		close(r.ended)
		// A child of its own may hold the pipe. What is in the pipe is still read.
		time.Sleep(grace)
		_ = out.Close()
	}()
	return r, nil
}

// once runs a process for a single request.
func (p program) once(ctx context.Context, q request, result *description) error {
	r, err := p.start()
	if err != nil {
		return err
	}
	defer r.stop()
	return r.during(ctx, func() error {
		if err := r.send(&q); err != nil {
			return err
		}
		m, err := receive[description](r)
		switch {
		case err != nil:
			return err
		case m.Error != nil:
			return m.Error.err(p, "")
		case m.Result == nil:
			return p.broken("the answer to %q has neither result nor error", q.Method)
		}
		*result = *m.Result
		return nil
	})
}

// stop closes stdin, and kills a process that does not end then.
func (r *process) stop() {
	_ = r.in.Close()
	go func() {
		select {
		case <-r.ended:
		case <-time.After(grace):
			_ = r.cmd.Process.Kill() // it may have ended
		}
	}()
}

// during calls do, and stops the process when ctx ends, and kills it when it stalls.
func (r *process) during(ctx context.Context, do func() error) error {
	r.mu.Lock()
	r.cause, r.timer = nil, time.AfterFunc(stall, func() {
		r.mu.Lock()
		r.cause = errStalled
		r.mu.Unlock()
		_ = r.cmd.Process.Kill() // it may have ended
		_ = r.out.Close()
	})
	r.mu.Unlock()
	release := context.AfterFunc(ctx, r.stop)
	err := do()
	release()
	r.timer.Stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(r.cause, errStalled):
		return &share.TemporaryError{Message: fmt.Sprintf("the share plug-in %s did neither print nor read anything for %s", r.path, stall)}
	}
	return err
}

// alive begins the time of stall anew; hold suspends it while something else than the
// plug-in is waited for.
func (r *process) alive() { r.timer.Reset(stall) }
func (r *process) hold()  { r.timer.Stop() }

// send writes a request and gives it an id.
func (r *process) send(q *request) error {
	r.id++
	q.ID = r.id
	return r.write(q, nil)
}

// write writes a line and the bytes that follow it.
func (r *process) write(line any, data []byte) error {
	b, err := json.Marshal(line)
	if err != nil {
		return err
	}
	if _, err = r.in.Write(append(b, '\n')); err == nil && len(data) > 0 {
		_, err = r.in.Write(data)
	}
	if err != nil {
		return r.gone()
	}
	r.alive()
	return nil
}

// receive reads a line.
func receive[R any](r *process) (message[R], error) {
	var m message[R]
	line, err := r.line()
	if err != nil {
		return m, err
	}
	r.alive()
	if err := json.Unmarshal(line, &m); err != nil {
		return m, r.broken("it printed %q, which is not a line of the protocol", r.shorten(line))
	}
	if m.ID != r.id {
		return m, r.broken("it printed a line for request %d during request %d", m.ID, r.id)
	}
	return m, nil
}

func (r *process) shorten(line []byte) string {
	text := r.redact.Replace(string(line[:min(len(line), 2000)]))
	return strings.ToValidUTF8(text[:min(len(text), 100)], "?")
}

// line reads until the end of a line, but never more than maxLine bytes.
func (r *process) line() ([]byte, error) {
	var all []byte
	for {
		part, err := r.lines.ReadSlice('\n')
		if len(all)+len(part) > maxLine {
			return nil, r.broken("it printed a line of more than %d bytes", maxLine)
		}
		all = append(all, part...)
		switch {
		case err == nil:
			return bytes.TrimSuffix(all, []byte("\n")), nil
		case errors.Is(err, bufio.ErrBufferFull):
		case len(bytes.TrimSpace(all)) > 0:
			return nil, r.broken("it ended in the middle of the line %q", r.shorten(all))
		default:
			return nil, r.gone()
		}
	}
}

// data reads the bytes after a line into buffer.
func (r *process) data(buffer []byte) error {
	for n := 0; n < len(buffer); {
		k, err := r.lines.Read(buffer[n:])
		if n += k; err != nil && n < len(buffer) {
			return r.gone()
		}
		r.alive()
	}
	return nil
}

// gone is the error of a process that ended during a request.
func (r *process) gone() error {
	r.stop()
	<-r.ended
	why := "it ended during a request"
	if r.err != nil && !errors.Is(r.err, exec.ErrWaitDelay) {
		why += ": " + r.err.Error()
	}
	if last := r.stderr.last(); last != "" {
		why += "; it printed: " + last
	}
	return r.broken("%s", why)
}

// tail keeps the end of what a plug-in prints on stderr.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - 8<<10; over > 0 {
		t.text = append([]byte(nil), t.text[over:]...)
	}
	return len(p), nil
}

// last returns the last three lines as one.
func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var lines []string
	for line := range strings.Lines(string(t.text)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-3):], " | ")
}
