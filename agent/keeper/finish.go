package keeper

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
)

// finish saves what is left when the containers have ended, and writes the
// inventories. It is tried until it is done or the context ends.
func (k *Keeper) finish(ctx context.Context, e end) error {
	if e.requeued() && e.superseded() {
		k.say("the task was suspended and continues in another pod, which saves the results from now on")
		return nil
	}
	k.progress(ctx, time.Now(), true)
	if e.pod != nil {
		k.initLogs(ctx, e.pod)
	}
	failed := false
	return retry(ctx, 15*time.Second, func() error {
		err := k.finishAll(ctx, e)
		if err != nil && k.makeBucket(ctx, err) {
			err = k.finishAll(ctx, e)
		}
		if err != nil && !failed && ctx.Err() == nil {
			failed = true
			k.say("the rest cannot be saved at the moment, it is tried again for %s: %v", k.patience, err)
		}
		return err
	})
}

func (k *Keeper) finishAll(ctx context.Context, e end) error {
	if err := k.begin(ctx); err != nil {
		return err
	}
	logs, err := k.sendRest(ctx, k.logs, false)
	if err != nil {
		return err
	}
	codes := readOutcomes(k.orders.Outcomes)
	for _, r := range k.results {
		if r.finished {
			continue
		}
		m, err := k.complete(ctx, r, e, codes)
		if err != nil {
			return err
		}
		if m == nil {
			continue
		}
		withLogs := *m
		withLogs.Logs, withLogs.LogPrefix = logs.files, k.orders.LogPrefix
		withLogs.Missing = slices.Clone(m.Missing)
		for _, log := range logs.missing {
			if !slices.Contains(m.Missing, log) { // an attempt before may have said so
				withLogs.Missing = append(withLogs.Missing, log)
			}
		}
		if err := k.write(ctx, r, &withLogs); err != nil {
			return err
		}
		r.finished = true
		r.tree.forget()
	}
	if e.requeued() {
		k.say("the task was suspended; what was written is saved, and the result is complete when it has run again")
	}
	return nil
}

// complete returns the inventory of a result whose files are all in the store, but
// for the logs; nil when the task will run again.
func (k *Keeper) complete(ctx context.Context, r *result, e end, codes map[string]int32) (*layout.Inventory, error) {
	if r.ended != nil {
		if m, err := k.ranBefore(ctx, r); m != nil || err != nil {
			return e.completes(m), err
		}
	}
	m, err := k.sendResult(ctx, r)
	switch {
	case err != nil:
		return nil, err
	case r.ended != nil:
		again := *r.ended
		again.Files, again.Missing = m.Files, m.Missing
		return e.completes(&again), nil
	case e.requeued():
		return nil, nil
	}
	k.describe(m, r, e, codes)
	return m, nil
}

// finishRun finishes one of several runs while others are running. Its logs are
// those of the whole pod, and are recorded when that has ended. If the pod
// cannot be read, and is nil, the run's own end is recorded all the same.
func (k *Keeper) finishRun(ctx context.Context, r *result, code int32, pod func() *corev1.Pod) error {
	ended := time.Now()
	m, err := k.sendResult(ctx, r)
	if err != nil {
		return err
	}
	for _, p := range r.progress {
		p.finish(time.Now())
	}
	k.describe(m, r, end{pod: pod(), main: k.orders.Main, at: ended}, map[string]int32{r.Name: code})
	m.LogPrefix, m.Logs = k.orders.LogPrefix, []layout.File{}
	if err := k.write(ctx, r, m); err != nil {
		return err
	}
	m.Files, m.Missing = nil, nil // they are in the store, and there may be many such runs
	r.ended = m
	r.tree.forget()
	return nil
}

// sendResult sends the rest of a result and begins its inventory.
func (k *Keeper) sendResult(ctx context.Context, r *result) (*layout.Inventory, error) {
	all, err := k.sendRest(ctx, r.tree, true)
	if err != nil {
		return nil, err
	}
	m := &layout.Inventory{Version: layout.InventoryVersion, Identity: r.Identity, Pod: k.where.Pod, Machine: k.where.Machine,
		Files: all.files, Missing: all.missing}
	if m.Files == nil {
		m.Files = []layout.File{}
	}
	return m, nil
}

// describe says in the inventory how the result came about.
func (k *Keeper) describe(m *layout.Inventory, r *result, e end, codes map[string]int32) {
	m.Progress, m.BrokenProgress = r.latest()
	m.Started, m.Ended = e.times()
	if span, ok := readTimes(k.orders.Outcomes)[r.Name]; ok && r.Name != "" {
		m.Started, m.Ended = span.within(m.Started, m.Ended)
	}
	if r.Name == "" || k.orders.Outcomes == "" {
		m.Outcome = e.outcome(m.Progress)
	} else if code, ok := codes[r.Name]; ok {
		m.Outcome = ofRun(&code, m.Progress, &e)
	} else {
		m.Outcome = ofRun(nil, m.Progress, &e)
	}
	e.completes(m)
}

// completes adds the pod's state to the inventory. An existing one stays: it
// was read when the run ended.
func (e end) completes(m *layout.Inventory) *layout.Inventory {
	if m == nil || m.PodStatus != nil || e.pod == nil {
		return m
	}
	if s := e.mainStatus(); s != nil {
		m.ImageID = s.ImageID
	}
	if m.Started.IsZero() {
		m.Started, _ = e.times()
	}
	m.PodStatus, _ = json.Marshal(e.pod.Status) // it was JSON just now
	return m
}

func (e end) times() (started, ended time.Time) {
	ended = e.at
	s := e.mainStatus()
	switch {
	case s == nil:
	case s.State.Terminated != nil:
		started, ended = s.State.Terminated.StartedAt.Time, s.State.Terminated.FinishedAt.Time
	case s.State.Running != nil:
		started = s.State.Running.StartedAt.Time
	}
	return started.UTC().Truncate(time.Second), ended.UTC().Truncate(time.Second)
}

// write puts the inventory, and after it the word for who lists only.
func (k *Keeper) write(ctx context.Context, r *result, m *layout.Inventory) error {
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = k.store.Put(ctx, r.Prefix+layout.InventoryFile, bytes.NewReader(data), int64(len(data)), store.PutOptions{ContentType: "application/json"})
	if err != nil {
		return err
	}
	k.moved.Add(1)
	if r.Index == "" {
		return nil
	}
	_, err = k.store.Put(ctx, layout.IndexKey(r.Index, m.Outcome), strings.NewReader(""), 0, store.PutOptions{})
	return err
}
