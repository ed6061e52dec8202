package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/kubevast/vast/sdk/share"
)

// frameSize is how much of a content is sent at once.
const frameSize = 256 << 10

func (p *provider) Upload(ctx context.Context, name string, source share.Source, o share.UploadOptions) (share.Object, error) {
	q := request{Method: "upload", Name: name, Size: &source.Size, Checksums: &source.Checksums, Overwrite: o.Overwrite}
	if o.State != nil {
		state, err := o.State.Load(ctx)
		if err != nil {
			return share.Object{}, err
		}
		q.State = state
	}
	var s *sender
	result, err := p.call(ctx, q, func(r *process, m message[object]) error {
		switch {
		case m.Offset != nil:
			if s != nil || *m.Offset < 0 || *m.Offset > source.Size {
				return p.broken("an upload of %d bytes begins at offset %d", source.Size, *m.Offset)
			}
			if o.Progress != nil {
				o.Progress(*m.Offset)
			}
			s = &sender{r: r, source: source, id: r.id, done: make(chan struct{})}
			go s.run(ctx, *m.Offset)
		case m.Progress != nil:
			if *m.Progress < 0 || *m.Progress > source.Size {
				return p.broken("it has received %d of %d bytes", *m.Progress, source.Size)
			}
			if o.Progress != nil {
				o.Progress(*m.Progress)
			}
		case m.State != nil:
			if o.State == nil {
				return nil
			}
			r.hold()
			defer r.alive()
			return o.State.Save(ctx, *m.State)
		case m.Result != nil:
			if s == nil {
				return nil // it was complete
			}
			select {
			case <-s.done:
				return s.err
			case <-time.After(grace):
				return p.broken("it reported the end of the upload before it read the content")
			}
		default:
			return p.broken("it printed an unexpected line during an upload")
		}
		return nil
	})
	if s != nil {
		if err != nil {
			s.r.stop()
			_ = s.r.cmd.Process.Kill() // it does not read the rest
		}
		<-s.done
		// The source's error is the reason for the plug-in's.
		if s.failed != nil && ctx.Err() == nil {
			return share.Object{}, s.failed
		}
	}
	if err != nil {
		return share.Object{}, err
	}
	object, err := p.checked(result, name)
	if err == nil && o.Progress != nil {
		o.Progress(source.Size)
	}
	if err == nil && o.State != nil {
		err = o.State.Save(ctx, "")
	}
	return object, err
}

// sender writes a content to a plug-in.
type sender struct {
	r      *process
	source share.Source
	id     int
	done   chan struct{}
	// err is why it ended early, and failed the error if it is the source's.
	err, failed error
}

func (s *sender) run(ctx context.Context, offset int64) {
	defer close(s.done)
	s.err = s.send(ctx, offset)
	if s.failed != nil {
		s.r.stop() // the plug-in reads an early end of its input
	}
}

func (s *sender) send(ctx context.Context, offset int64) error {
	content, err := s.source.Open(ctx, offset)
	if err != nil {
		s.failed = fmt.Errorf("cannot read the content: %w", err)
		return s.failed
	}
	defer content.Close()
	buffer := make([]byte, frameSize)
	for offset < s.source.Size {
		s.r.hold()
		n, err := io.ReadFull(content, buffer[:min(frameSize, s.source.Size-offset)])
		s.r.alive()
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				err = fmt.Errorf("it ends after %d of %d bytes: %w", offset+int64(n), s.source.Size, err)
			}
			s.failed = fmt.Errorf("cannot read the content: %w", err)
			return s.failed
		}
		if err := s.r.write(frame{ID: s.id, Data: n}, buffer[:n]); err != nil {
			return err
		}
		offset += int64(n)
	}
	return s.r.write(frame{ID: s.id, End: true}, nil)
}
