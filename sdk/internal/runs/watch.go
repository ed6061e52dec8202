package runs

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	apiwatch "k8s.io/apimachinery/pkg/watch"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/portforward"
	"github.com/kubevast/vast/internal/workflow/event"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
)

// lookEvery is the pause between two reads of a run that the caller may not watch, and after
// an interruption.
const lookEvery = 2 * time.Second

// follow yields the run, first and whenever its object has changed, until it has ended. After the
// first one, an interruption is a warning. An error is the last that it yields.
func (c *Client) follow(ctx context.Context, id string) iter.Seq2[*record.Run, error] {
	return func(yield func(*record.Run, error) bool) {
		interrupted, polls, first := false, false, true
		var uid string
		for {
			run, err := c.read(ctx, id)
			switch {
			case ctx.Err() != nil:
				return
			case err != nil && !first && api.IsUnavailable(err):
				if !interrupted {
					c.conn.Warn(err.Error(), api.Remedies(err)...)
				}
				interrupted = true
			case err == nil && uid != "" && uid != string(run.UID):
				yield(nil, c.notFound(id)) // another one, in its place
				return
			case err != nil:
				yield(nil, err)
				return
			default:
				first, interrupted, uid = false, false, string(run.UID)
				if !yield(run, nil) || run.State.Phase.Final() {
					return
				}
				if !polls {
					var done bool
					if done, polls = c.watch(ctx, run, yield); done {
						return
					}
				}
			}
			if pause(ctx, lookEvery) != nil {
				return
			}
		}
	}
}

// watch yields the changes of a run until the watch ends. done: nothing follows. refused: the
// caller may not watch.
func (c *Client) watch(ctx context.Context, run *record.Run, yield func(*record.Run, error) bool) (done, refused bool) {
	w, err := c.conn.Kube.CoreV1().ConfigMaps(c.conn.Namespace).Watch(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("metadata.name", run.Name).String(), ResourceVersion: run.ResourceVersion})
	if err != nil {
		return false, apierrors.IsForbidden(err) || apierrors.IsMethodNotSupported(err)
	}
	defer w.Stop()
	for e := range w.ResultChan() {
		cm, ok := e.Object.(*corev1.ConfigMap)
		if !ok || e.Type == apiwatch.Error {
			return false, false
		}
		if e.Type == apiwatch.Deleted || cm.UID != run.UID {
			yield(nil, c.notFound(run.ID))
			return true, false
		}
		now, err := record.FromObject(cm)
		if err != nil {
			yield(nil, err)
			return true, false
		}
		if !yield(now, nil) || now.State.Phase.Final() {
			return true, false
		}
	}
	return false, false
}

// Watch implements sdk.Workflow.
func (c *Client) Watch(ctx context.Context, ref string) iter.Seq2[*api.WorkflowRun, error] {
	return func(yield func(*api.WorkflowRun, error) bool) {
		id, err := c.resolve(ctx, ref, false)
		if err != nil {
			yield(nil, err)
			return
		}
		var graph *record.Spec
		var last *record.Run
		for run, err := range c.follow(ctx, id) {
			if err == nil && run.Parts > 0 && graph == nil {
				graph, err = c.header(ctx, run)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if last != nil && last.State.Equal(run.State) && last.StopBy == run.StopBy && last.StopAll == run.StopAll && last.Parts == run.Parts {
				continue // another annotation
			}
			last = run
			out := fromRecord(run)
			if graph != nil {
				fill(out, run, graph)
			}
			if !yield(out, nil) {
				return
			}
		}
	}
}

// Events implements sdk.Workflow.
func (c *Client) Events(ctx context.Context, ref string, after int64) iter.Seq2[*api.WorkflowEvent, error] {
	return func(yield func(*api.WorkflowEvent, error) bool) {
		if after < 0 {
			yield(nil, api.InvalidOption("After", "%d is negative; 0 is before the first event", after))
			return
		}
		id, err := c.resolve(ctx, ref, false)
		if err != nil {
			yield(nil, err)
			return
		}
		var spec *record.Spec
		for run, err := range c.follow(ctx, id) {
			if err != nil {
				yield(nil, err)
				return
			}
			if spec == nil && run.Parts > 0 {
				if spec, err = c.header(ctx, run); err != nil {
					yield(nil, err)
					return
				}
			}
			missing := int64(0)
			if len(run.Events) > 0 {
				missing = run.Events[0].Sequence - 1 - after
			}
			if missing > 0 {
				before := run.Events[0].Sequence
				for e, err := range c.stored(ctx, id, after) {
					if err != nil {
						c.conn.Warn(fmt.Sprintf("events before number %d are not shown: %v", before, err), api.Remedies(err)...)
						break
					}
					if e.Data.Sequence >= before {
						break
					}
					e.Data.Missed = e.Data.Sequence - 1 - after
					if !yield(e, nil) {
						return
					}
					after = e.Data.Sequence
				}
			}
			for _, one := range run.Events {
				if one.Sequence <= after {
					continue
				}
				e := event.Of(run, spec, one)
				e.Data.Missed = one.Sequence - 1 - after
				if !yield(e, nil) {
					return
				}
				after = one.Sequence
			}
		}
	}
}

// stored yields the events of a run in the store after a sequence number; nothing if there is
// no store, or the caller may not read it.
func (c *Client) stored(ctx context.Context, id string, after int64) iter.Seq2[*api.WorkflowEvent, error] {
	return func(yield func(*api.WorkflowEvent, error) bool) {
		s, err := portforward.OpenToRead(ctx, c.conn)
		if api.IsNotInstalled(err) || api.IsForbidden(err) {
			return
		}
		if err != nil {
			yield(nil, err)
			return
		}
		defer s.Close()
		for e, err := range event.Stored(ctx, s, id, after) {
			if !yield(e, err) {
				return
			}
		}
	}
}

// redriveTTL is how long the Job stays that delivers events of an ended run again.
const redriveTTL = 10 * time.Minute

// errNoWebhooks is the cause of a refusal to deliver again.
var errNoWebhooks = errors.New("it has no webhooks")

// Redeliver implements sdk.Workflow. It records the request, which the driver carries out. The
// driver of a run that has ended is created again.
func (c *Client) Redeliver(ctx context.Context, ref string, o api.WorkflowRedeliverOptions) (*api.WorkflowRun, error) {
	if err := o.DryRun.Check(); err != nil {
		return nil, err
	}
	if o.After < 0 {
		return nil, api.InvalidOption("After", "%d is negative; 0 is before the first event", o.After)
	}
	if err := c.rights.Require(ctx, redelivering...); err != nil {
		return nil, err
	}
	id, err := c.resolve(ctx, ref, true)
	if err != nil {
		return nil, err
	}
	run, err := c.read(ctx, id)
	if err != nil {
		return nil, err
	}
	return c.redeliver(ctx, run, o)
}

func (c *Client) redeliver(ctx context.Context, run *record.Run, o api.WorkflowRedeliverOptions) (*api.WorkflowRun, error) {
	conflict := func(cause error, format string, args ...any) error {
		return &api.ConflictError{Message: fmt.Sprintf("run %s: ", run.ID) + fmt.Sprintf(format, args...), Cause: cause}
	}
	if run.Past {
		return nil, conflict(nil, "it has left the cluster, and its events are not delivered any more")
	}
	if run.Parts == 0 {
		return nil, conflict(errNoWebhooks, "it was not submitted completely and has no events to deliver")
	}
	s, err := c.header(ctx, run)
	if err != nil {
		return nil, err
	}
	if len(s.Webhooks) == 0 {
		return nil, conflict(errNoWebhooks, "its workflow has no webhook")
	}
	if o.After >= run.State.Sequence {
		return nil, conflict(nil, "its last event has the number %d; none is after %d", run.State.Sequence, o.After)
	}
	final := run.State.Phase.Final()
	if final {
		if err := c.needsDriver(ctx); err != nil {
			return nil, err
		}
	}
	if !o.DryRun.Sends() {
		return fromRecord(run), nil
	}
	nonce := kube.NewID()
	patched, err := c.annotate(ctx, run, map[string]any{kube.AnnotationRedeliver: fmt.Sprintf("%s %d", nonce, o.After)}, o.DryRun, o.FieldManager)
	if err != nil {
		return nil, err
	}
	if final {
		err := c.driveAgain(ctx, run, kube.RunDriver(run.ID)+"-"+nonce, api.SubmitOptions{TTL: redriveTTL, AgentImage: o.AgentImage, DryRun: o.DryRun, FieldManager: o.FieldManager})
		if err != nil {
			return nil, err
		}
	}
	return fromRecord(patched), nil
}
