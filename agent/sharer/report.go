package sharer

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

const (
	// saveEvery is the time between two reports in the store.
	saveEvery = time.Second
	// maxReason is how many characters of a reason are recorded.
	maxReason = 1000
)

// report is the layout.ShareReport of this Job in the store.
type report struct {
	b       store.Backend
	mu      sync.Mutex
	r       layout.ShareReport
	changed bool
}

func newReport(o Options) *report {
	r := &report{b: o.Store, r: layout.ShareReport{Version: layout.ShareFormat, Job: o.Orders.Job, JobUID: o.JobUID, Namespace: o.Orders.Namespace,
		ShareType: o.Orders.Type, User: o.Orders.User, Started: time.Now().UTC()}}
	for _, i := range o.Orders.Items {
		r.r.Items = append(r.r.Items, api.ShareItem{Name: i.Name(), Task: i.Task != "", Archive: i.Archive, Phase: waiting})
	}
	return r
}

// resume takes over what an earlier pod of the same Job has recorded: items that have
// ended are not sent again.
func (r *report) resume(ctx context.Context, read func(context.Context, string) ([]byte, error)) error {
	data, err := read(ctx, layout.ShareReportKey(r.r.Job))
	if err != nil || data == nil {
		return err
	}
	before, err := layout.ParseShareReport(data)
	if err != nil || r.r.JobUID == "" || before.JobUID != r.r.JobUID || len(before.Items) != len(r.r.Items) {
		return nil
	}
	r.r.Started = before.Started
	for i, item := range before.Items {
		if ended(item.Phase) && item.Name == r.r.Items[i].Name {
			r.r.Items[i] = item
		}
	}
	return nil
}

func ended(phase string) bool { return phase == uploaded || phase == skipped || phase == failed }

// hasEnded reports whether an item has ended.
func (r *report) hasEnded(i int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return ended(r.r.Items[i].Phase)
}

// change changes an item.
func (r *report) change(i int, do func(*api.ShareItem)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	do(&r.r.Items[i])
	r.changed = true
}

func (r *report) end(i int, phase, reason string) {
	r.change(i, func(item *api.ShareItem) { item.Phase, item.Reason = phase, text.OneLine(reason, maxReason) })
}

// save writes the report.
func (r *report) save(ctx context.Context) error {
	r.mu.Lock()
	r.r.Updated, r.changed = time.Now().UTC(), false
	data, err := json.Marshal(r.r)
	job := r.r.Job
	r.mu.Unlock()
	if err != nil {
		return err
	}
	_, err = r.b.Put(ctx, layout.ShareReportKey(job), bytes.NewReader(data), int64(len(data)), store.PutOptions{ContentType: "application/json"})
	return err
}

// keepSaving saves changes now and then, until the function that it returns was called.
func (r *report) keepSaving(ctx context.Context, log func(string, ...any)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(saveEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			r.mu.Lock()
			changed := r.changed
			r.mu.Unlock()
			if !changed {
				continue
			}
			if err := r.save(ctx); err != nil && ctx.Err() == nil {
				log("how far the upload is cannot be recorded: %v", err)
			}
		}
	})
	return func() {
		cancel()
		wg.Wait()
	}
}

// finish writes the last report.
func (r *report) finish(ctx context.Context) error {
	r.mu.Lock()
	r.r.Ended = time.Now().UTC()
	r.mu.Unlock()
	return r.save(ctx)
}
