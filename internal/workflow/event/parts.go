package event

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// maxLine bounds a line of a part.
const maxLine = 1 << 20

// Put stores events, which follow each other, as one object: a line of JSON each. Parts do not
// overlap: a driver continues after Last.
func Put(ctx context.Context, s store.Backend, run string, events []*api.WorkflowEvent) error {
	var b bytes.Buffer
	for _, e := range events {
		if err := json.NewEncoder(&b).Encode(e); err != nil {
			return err
		}
	}
	_, err := s.Put(ctx, layout.EventsKey(run, events[0].Data.Sequence), bytes.NewReader(b.Bytes()), int64(b.Len()), store.PutOptions{ContentType: "application/jsonl"})
	return err
}

// Stored yields the recorded events of a run after a sequence number, in their order, each
// once. Parts that are older than that are not read. An error is the last that it yields.
func Stored(ctx context.Context, s store.Backend, run string, after int64) iter.Seq2[*api.WorkflowEvent, error] {
	return func(yield func(*api.WorkflowEvent, error) bool) {
		var keys []string
		for object, err := range s.List(ctx, layout.EventsPrefix(run), store.ListOptions{}) {
			if err != nil {
				yield(nil, err)
				return
			}
			first, ok := layout.EventsFirst(run, object.Key)
			if !ok {
				continue
			}
			if first <= after+1 { // what is before has only earlier events
				keys = keys[:0]
			}
			keys = append(keys, object.Key)
		}
		for _, key := range keys {
			for e, err := range part(ctx, s, key) {
				if err == nil && e.Data.Sequence <= after {
					continue
				}
				if !yield(e, err) || err != nil {
					return
				}
				after = e.Data.Sequence
			}
		}
	}
}

// Last returns the sequence number of the last event of a run in the store, 0 for none.
func Last(ctx context.Context, s store.Backend, run string) (int64, error) {
	newest := ""
	for object, err := range s.List(ctx, layout.EventsPrefix(run), store.ListOptions{}) {
		if err != nil {
			return 0, err
		}
		if _, ok := layout.EventsFirst(run, object.Key); ok {
			newest = object.Key
		}
	}
	last := int64(0)
	if newest == "" {
		return 0, nil
	}
	for e, err := range part(ctx, s, newest) {
		if err != nil {
			return 0, err
		}
		last = e.Data.Sequence
	}
	return last, nil
}

// Remove removes the events of a run. It is idempotent.
func Remove(ctx context.Context, s store.Backend, run string) error {
	var keys []string
	for object, err := range s.List(ctx, layout.EventsPrefix(run), store.ListOptions{}) {
		if err != nil {
			return err
		}
		keys = append(keys, object.Key)
	}
	if len(keys) == 0 {
		return nil
	}
	return s.Delete(ctx, keys...)
}

func part(ctx context.Context, s store.Backend, key string) iter.Seq2[*api.WorkflowEvent, error] {
	return func(yield func(*api.WorkflowEvent, error) bool) {
		r, _, err := s.Get(ctx, key, 0)
		if err != nil {
			yield(nil, err)
			return
		}
		defer r.Close()
		lines := bufio.NewReaderSize(r, 64<<10)
		for {
			line, err := lines.ReadBytes('\n')
			if len(bytes.TrimSpace(line)) > 0 {
				e := &api.WorkflowEvent{}
				if len(line) > maxLine || json.Unmarshal(line, e) != nil {
					yield(nil, fmt.Errorf("%s in the store is damaged", key))
					return
				}
				if !yield(e, nil) {
					return
				}
			}
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}
