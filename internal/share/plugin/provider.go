package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// provider runs a process for each request at the same time; idle ones are used again.
type provider struct {
	program
	settings share.Settings

	mu           sync.Mutex
	idle         []*process
	closed       bool
	capabilities share.Capabilities
}

// open starts a process, so that settings that a plug-in does not accept are
// reported at once.
func open(ctx context.Context, about program, settings share.Settings) (share.ShareProvider, error) {
	p := &provider{program: about, settings: settings}
	r, err := p.take(ctx)
	if err != nil {
		return nil, err
	}
	p.give(r, nil)
	return p, nil
}

func (p *provider) Type() string { return p.name }

func (p *provider) Capabilities(context.Context) (share.Capabilities, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.capabilities, nil
}

// take returns an idle process, or starts one.
func (p *provider) take(ctx context.Context) (*process, error) {
	p.mu.Lock()
	for len(p.idle) > 0 {
		r := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		select {
		case <-r.ended: // it does not wait for requests
			_ = r.in.Close()
			continue
		default:
			p.mu.Unlock()
			return r, nil
		}
	}
	p.mu.Unlock()
	r, err := p.start()
	if err != nil {
		return nil, err
	}
	err = r.during(ctx, func() error {
		if err := r.send(&request{Version: Version, Method: "open", Settings: p.settings}); err != nil {
			return err
		}
		m, err := receive[opened](r)
		switch {
		case err != nil:
			return err
		case m.Error != nil:
			return m.Error.err(p.program, "")
		case m.Result == nil:
			return p.broken("the answer to \"open\" has neither result nor error")
		case m.Result.Version != Version:
			return p.broken("it answers \"open\" in version %d of the protocol, not %d", m.Result.Version, Version)
		}
		p.mu.Lock()
		p.capabilities = m.Result.Capabilities
		p.mu.Unlock()
		return nil
	})
	if err != nil {
		r.stop()
		return nil, err
	}
	return r, nil
}

// give keeps a process for the next request. One whose request was not answered to its end
// is stopped.
func (p *provider) give(r *process, unfinished error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || unfinished != nil {
		r.stop()
		return
	}
	p.idle = append(p.idle, r)
}

// Close stops the processes and waits for them.
func (p *provider) Close() error {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, r := range idle {
		r.stop()
	}
	for _, r := range idle {
		<-r.ended
	}
	return nil
}

// call sends a request and calls each with what the plug-in prints, until that is a
// result or an error.
func (p *provider) call(ctx context.Context, q request, each func(r *process, m message[object]) error) (*object, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if q.Method != "list" {
		if err := share.ValidName(q.Name); err != nil {
			return nil, err
		}
	}
	r, err := p.take(ctx)
	if err != nil {
		return nil, err
	}
	var result *object
	// An error that the plug-in reports leaves it ready for the next request, unless
	// it interrupts an upload.
	var reported error
	err = r.during(ctx, func() error {
		if err := r.send(&q); err != nil {
			return err
		}
		for {
			m, err := receive[object](r)
			switch {
			case err != nil:
				return err
			case m.Error != nil:
				if reported = m.Error.err(p.program, q.Name); q.Method == "upload" {
					return reported
				}
				return nil
			case m.Result != nil:
				result = m.Result
				if each != nil {
					return each(r, m)
				}
				return nil
			case m.Progress != nil && each == nil:
			case each == nil:
				return p.broken("the answer to %q has neither result nor error", q.Method)
			default:
				if err := each(r, m); err != nil {
					return err
				}
			}
		}
	})
	p.give(r, err)
	if err == nil {
		err = reported
	}
	return result, err
}

// checked returns the object of an answer, which must be of that name.
func (p *provider) checked(o *object, name string) (share.Object, error) {
	if o.Name != name {
		return share.Object{}, p.broken("its answer for %q is about %q", name, o.Name)
	}
	return o.object(), nil
}

func (p *provider) Stat(ctx context.Context, name string) (share.Object, error) {
	o, err := p.call(ctx, request{Method: "stat", Name: name}, nil)
	if err != nil {
		return share.Object{}, err
	}
	return p.checked(o, name)
}

func (p *provider) Remove(ctx context.Context, name string) error {
	if !p.can().Remove {
		return p.cannot("remove archives")
	}
	_, err := p.call(ctx, request{Method: "remove", Name: name}, nil)
	return err
}

func (p *provider) can() share.Capabilities {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.capabilities
}

func (p *provider) cannot(what string) error {
	return &api.NotSupportedError{Message: fmt.Sprintf("share plug-in %q cannot %s", p.name, what)}
}

var errEnough = errors.New("no more objects are needed")

func (p *provider) List(ctx context.Context) iter.Seq2[share.Object, error] {
	return func(yield func(share.Object, error) bool) {
		if !p.can().List {
			yield(share.Object{}, p.cannot("list archives"))
			return
		}
		_, err := p.call(ctx, request{Method: "list"}, func(r *process, m message[object]) error {
			switch {
			case m.Object == nil && m.Progress == nil && m.Result == nil:
				return p.broken("it printed an unexpected line during a list")
			case m.Object == nil:
				return nil
			}
			if share.ValidName(m.Object.Name) != nil || share.IsTemporary(m.Object.Name) {
				return nil
			}
			r.hold()
			defer r.alive()
			if !yield(m.Object.object(), nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(share.Object{}, err)
		}
	}
}

func (p *provider) Download(ctx context.Context, name string, w io.WriterAt, o share.DownloadOptions) (share.Object, error) {
	begun, at, size := false, int64(0), int64(-1)
	var buffer []byte
	progress := func() {
		if o.Progress != nil {
			o.Progress(at, size)
		}
	}
	result, err := p.call(ctx, request{Method: "download", Name: name, Offset: &o.Offset, Validator: o.Validator}, func(r *process, m message[object]) error {
		switch {
		case m.Offset != nil:
			if begun || *m.Offset < 0 || *m.Offset > o.Offset {
				return p.broken("a download from offset %d begins at %d", o.Offset, *m.Offset)
			}
			if begun, at = true, *m.Offset; m.Size != nil {
				size = *m.Size
			}
			progress()
		case m.Data != nil:
			if !begun || *m.Data < 1 || *m.Data > maxData {
				return p.broken("it sends %d bytes at once, or before an offset; 1 to %d are allowed", *m.Data, maxData)
			}
			if cap(buffer) < *m.Data {
				buffer = make([]byte, *m.Data)
			}
			if err := r.data(buffer[:*m.Data]); err != nil {
				return err
			}
			r.hold()
			defer r.alive()
			if _, err := w.WriteAt(buffer[:*m.Data], at); err != nil {
				return fmt.Errorf("cannot write the file: %w", err)
			}
			at += int64(*m.Data)
			progress()
		case m.Result != nil:
			if got := m.Result.object().Size; !begun || got >= 0 && got != at {
				return p.broken("it sent %d bytes of %q, which has %d", at, name, got)
			}
		case m.Progress == nil:
			return p.broken("it printed an unexpected line during a download")
		}
		return nil
	})
	if err != nil {
		return share.Object{}, err
	}
	object, err := p.checked(result, name)
	if object.Size < 0 {
		object.Size = at
	}
	return object, err
}
