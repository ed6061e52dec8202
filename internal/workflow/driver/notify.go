package driver

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/event"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
)

const (
	// storeBatch is how many events an object in the store has at most, and storeDelay how
	// long events are collected for one.
	storeBatch = 5000
	storeDelay = 15 * time.Second
	// readTime is how long events are read from the store at most: the run waits meanwhile.
	readTime = 20 * time.Second
)

// The names of the receivers in record.Delivery.
const (
	sinkEvents    = "events"
	sinkStore     = "store"
	sinkCallbacks = "callbacks"
	sinkWebhook   = "webhook-" // and its number
)

// notifier delivers the events of a run to its receivers while the run is driven. A receiver
// that does not answer holds up neither the run nor the others. How far each one is is written
// with the state, so that the driver that follows continues: it may repeat events.
type notifier struct {
	cluster *cluster
	run     *record.Run
	spec    *record.Spec
	store   store.Backend
	log     func(format string, args ...any)
	sinks   []*sink
	mirrors []*mirror
	emitter *emitter
	// delivering are the sinks that run, and following the mirrors.
	delivering, following sync.WaitGroup
	stop                  context.CancelFunc
	ctx                   context.Context
	// stored is the last event in the store. storeRead: it was read from there.
	stored    int64
	storeRead bool
	// redelivered is the last request that was carried out.
	redelivered string
}

// newNotifier returns the notifier of a run, whose recorded events that were not delivered are
// queued.
func newNotifier(o *Options, c *cluster, run *record.Run, spec *record.Reader) *notifier {
	run = ptr.To(*run) // the driver changes its own
	n := &notifier{cluster: c, run: run, spec: &spec.Spec, store: o.Store, log: o.Log, redelivered: run.Delivery.Redelivered}
	n.emitter = &emitter{cluster: c, run: run, tokens: emitBurst}
	n.add(sinkEvents, &sink{batch: emitBurst, deliver: n.emitter.emit})
	if o.Store != nil {
		n.add(sinkStore, &sink{batch: storeBatch, delay: storeDelay, deliver: n.putEvents})
	}
	if spec.Callbacks {
		n.add(sinkCallbacks, n.callbacks(spec))
	}
	for i, w := range spec.Webhooks {
		hook := &event.Webhook{URL: w.URL, Now: c.api.Now}
		if w.Secret != "" {
			hook.Secret = func(ctx context.Context) ([]byte, error) { return o.WebhookSecret(ctx, i, w) }
		}
		n.add(sinkWebhook+strconv.Itoa(i), &sink{batch: 1, deliver: func(ctx context.Context, events []*api.WorkflowEvent) (int, error) {
			if err := hook.Send(ctx, events[0]); err != nil {
				return 0, err
			}
			return 1, nil
		}})
	}
	events := n.events(run.Events)
	for _, s := range n.sinks {
		s.add(events)
	}
	return n
}

func (n *notifier) add(name string, s *sink) {
	s.name, s.log, s.changed = name, n.log, make(chan struct{}, 1)
	s.sent, s.missed = n.run.Delivery.Sent[name], n.run.Delivery.Missed[name]
	n.sinks = append(n.sinks, s)
}

func (n *notifier) events(events []workflow.Event) []*api.WorkflowEvent {
	out := make([]*api.WorkflowEvent, len(events))
	for i, e := range events {
		out[i] = event.Of(n.run, n.spec, e)
	}
	return out
}

// start begins to deliver, until finish or ctx ends.
func (n *notifier) start(ctx context.Context) {
	n.ctx, n.stop = context.WithCancel(ctx)
	for _, s := range n.sinks {
		n.delivering.Go(func() { s.run(n.ctx) })
	}
	for _, m := range n.mirrors {
		n.following.Go(func() { m.follow(n.ctx) })
	}
}

// notify queues events that were recorded.
func (n *notifier) notify(events []workflow.Event) {
	all := n.events(events)
	for _, s := range n.sinks {
		s.add(all)
	}
}

// delivery returns how far the receivers are.
func (n *notifier) delivery() record.Delivery {
	d := record.Delivery{Sent: map[string]int64{}, Redelivered: n.redelivered}
	for _, s := range n.sinks {
		sent, missed := s.progress()
		d.Sent[s.name] = sent
		if missed > 0 {
			if d.Missed == nil {
				d.Missed = map[string]int64{}
			}
			d.Missed[s.name] = missed
		}
	}
	for name, sent := range n.run.Delivery.Sent { // of a receiver that this driver does not have
		if _, ours := d.Sent[name]; !ours {
			d.Sent[name] = sent
		}
	}
	return d
}

// pending reports whether something is left to deliver of a run that has ended.
func pending(run *record.Run, spec *record.Reader) bool {
	if requested(run.Redeliver, run.Delivery.Redelivered) {
		return true
	}
	if len(run.Events) == 0 { // an older version has driven it
		return false
	}
	names := []string{sinkEvents}
	if _, kept := run.Delivery.Sent[sinkStore]; kept {
		names = append(names, sinkStore)
	}
	if spec.Callbacks {
		names = append(names, sinkCallbacks)
	}
	for i := range spec.Webhooks {
		names = append(names, sinkWebhook+strconv.Itoa(i))
	}
	for _, name := range names {
		if run.Delivery.Sent[name] < run.State.Sequence {
			return true
		}
	}
	return false
}

// requested reports whether a request to deliver again was not carried out yet.
func requested(request, done string) bool { return request != "" && request != done }

// finish waits until all is delivered, at most for the given time, and records how far the
// receivers are. With ctx it ends at once, and the next driver continues.
func (n *notifier) finish(ctx context.Context, most time.Duration) {
	for _, s := range n.sinks {
		s.close()
	}
	limit := time.AfterFunc(most, n.stop)
	n.delivering.Wait()
	limit.Stop()
	n.stop()
	n.following.Wait()
	if ctx.Err() != nil {
		return
	}
	for _, s := range n.sinks {
		if missed, err := s.giveUp(); missed > 0 {
			text := fmt.Sprintf("%d events were not delivered to %s", missed, s.name)
			if err != nil {
				text += ": " + err.Error()
			}
			n.log("%s", text)
			n.emitter.warn(ctx, "EventsNotDelivered", text)
		}
	}
	if err := n.record(ctx); err != nil {
		n.log("how far events were delivered is not recorded: %v", err)
	}
}

// abandon ends the deliveries. The next driver continues.
func (n *notifier) abandon() {
	n.stop()
	n.delivering.Wait()
	n.following.Wait()
}

// deliver delivers what is left after the end of the run, and carries out a request to deliver
// again.
func (d *driver) deliver(ctx context.Context) error {
	again := d.run.Redeliver
	if d.view != nil {
		d.view.mu.Lock()
		again = d.view.redeliver
		d.view.mu.Unlock()
	}
	if requested(again, d.notifier.redelivered) {
		if err := d.notifier.redeliver(ctx, d.run, again); err != nil {
			d.notifier.abandon()
			return err
		}
	}
	d.notifier.finish(ctx, d.Linger)
	return context.Cause(ctx)
}

// undelivered reports whether something is left to deliver of a run that has ended.
func undelivered(ctx context.Context, c *cluster, run *record.Run) (bool, error) {
	if run.Parts == 0 {
		return false, nil
	}
	spec, err := c.spec(ctx, run)
	if apiserver.Is(err, http.StatusNotFound) {
		return false, nil
	}
	return err == nil && pending(run, spec), err
}

// record writes how far the receivers are, if that has changed.
func (n *notifier) record(ctx context.Context) error {
	d := n.delivery()
	if maps.Equal(d.Sent, n.run.Delivery.Sent) && maps.Equal(d.Missed, n.run.Delivery.Missed) && d.Redelivered == n.run.Delivery.Redelivered {
		return nil
	}
	fields, err := record.DeliveryFields(n.run, d)
	if err != nil {
		return err
	}
	_, err = n.cluster.patchRun(ctx, n.run, fields)
	return err
}

// redeliver carries out a request to deliver events to the webhooks again. The request is
// recorded first: if this driver dies, the next one continues.
func (n *notifier) redeliver(ctx context.Context, run *record.Run, request string) error {
	_, number, _ := strings.Cut(request, " ")
	after, err := strconv.ParseInt(number, 10, 64)
	if err != nil || after < 0 { // it was written by hand
		n.redelivered = request
		return nil
	}
	events := n.events(run.Events)
	if n.store != nil && (len(events) == 0 || events[0].Data.Sequence > after+1) {
		reading, cancel := context.WithTimeout(ctx, readTime)
		all, err := n.recorded(reading, after, events)
		cancel()
		if err != nil { // the receiver gets the number of those that it misses
			n.log("the events of the run in the store: %v", err)
		} else {
			events = all
		}
	}
	for _, s := range n.sinks {
		if strings.HasPrefix(s.name, sinkWebhook) {
			s.restart(after, events)
		}
	}
	n.redelivered = request
	n.log("the events after %d are delivered again", after)
	return n.record(ctx)
}

// recorded returns the events after a sequence number that the store has, at most as many as
// are queued, and those of the run after them.
func (n *notifier) recorded(ctx context.Context, after int64, last []*api.WorkflowEvent) ([]*api.WorkflowEvent, error) {
	var out []*api.WorkflowEvent
	for e, err := range event.Stored(ctx, n.store, n.run.ID, after) {
		if err != nil {
			return nil, err
		}
		if out = append(out, e); len(out) > maxQueue {
			out = append([]*api.WorkflowEvent(nil), out[len(out)-maxQueue/2:]...)
		}
	}
	for _, e := range last {
		if k := len(out); k == 0 || e.Data.Sequence > out[k-1].Data.Sequence {
			out = append(out, e)
		}
	}
	return out, nil
}

// putEvents stores events as one object. The first time it skips what another driver has
// stored and did not record.
func (n *notifier) putEvents(ctx context.Context, events []*api.WorkflowEvent) (int, error) {
	if !n.storeRead {
		last, err := event.Last(ctx, n.store, n.run.ID)
		if err != nil {
			return 0, err
		}
		n.stored, n.storeRead = last, true
	}
	last := n.stored
	first := 0
	for first < len(events) && events[first].Data.Sequence <= last {
		first++
	}
	if first < len(events) {
		if err := event.Put(ctx, n.store, n.run.ID, events[first:]); err != nil {
			return 0, err
		}
		n.stored = events[len(events)-1].Data.Sequence
	}
	return len(events), nil
}

// owned returns the labels of an object that the driver creates for a run.
func owned(run *record.Run, kind string) map[string]string {
	return map[string]string{kube.LabelKind: kind, kube.LabelWorkflow: run.ID, kube.LabelWorkflowName: kube.LabelValue(run.Workflow),
		kube.LabelUser: kube.LabelValue(run.User), kube.LabelManagedBy: kube.ManagedBy}
}
