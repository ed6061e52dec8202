package task

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/internal/diagnose"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
	"github.com/kubevast/vast/sdk/internal/inputs"
	"github.com/kubevast/vast/sdk/internal/manifest"
	"github.com/kubevast/vast/sdk/internal/queue"
	"github.com/kubevast/vast/sdk/spec"
)

// Render implements sdk.TaskWriter. Volumes stand in it by the names that the
// task gives them, since only a cluster knows their claims, a queue only where
// one is named, and nothing that keeps results: whether there is a store is for
// the cluster to say.
func (c *Client) Render(t *spec.Task, o api.SubmitOptions) ([]runtime.Object, []string, error) {
	if err := c.check(t, o); err != nil {
		return nil, nil, err
	}
	files, err := c.plan(context.Background(), t, o)
	if err != nil {
		return nil, nil, err
	}
	in := c.input(t, o, files, c.conn.OfflineUser())
	for _, v := range t.Volumes {
		in.Mounts = append(in.Mounts, manifest.Mount{Path: v.Path, SubPath: v.SubPath, Claim: v.Volume, Ephemeral: v.Ephemeral})
	}
	if name := cmp.Or(o.Queue, t.Queue); name != queue.None {
		in.Queue, in.QueuePriority = name, t.QueuePriority
	}
	objects, err := manifest.Build(in)
	if err != nil {
		return nil, nil, err
	}
	said := append(warnings(t, files, o), objects.Warnings...)
	if notice := in.Notice(o.AgentImage); notice != "" {
		said = append(said, notice)
	}
	return objects.All(), said, nil
}

// facts are what the cluster says that does not depend on who is asking.
type facts struct {
	choice                      queue.Choice
	keeping                     keeping
	noChoice, noRights, noStore error
}

// Submit implements sdk.TaskWriter.
func (c *Client) Submit(ctx context.Context, t *spec.Task, o api.SubmitOptions) (*api.TaskStatus, error) {
	if err := c.check(t, o); err != nil {
		return nil, err
	}
	files, err := c.plan(ctx, t, o)
	if err != nil {
		return nil, err
	}
	in := c.input(t, o, files, "")
	known, user, creator, err := c.ask(ctx, in, o)
	if err != nil {
		return nil, err
	}
	c.setUser(&in, user, creator, o)
	found, err := c.findRequest(ctx, &in, o)
	if err != nil {
		return nil, err
	}
	if err := c.preflight(ctx, &in); err != nil {
		return nil, err
	}
	// Behind what says that there is no such namespace.
	if err := cmp.Or(known.noRights, known.noChoice, known.noStore); err != nil {
		return nil, err
	}
	if err := c.joinQueue(ctx, &in, known.choice, o); err != nil {
		return nil, err
	}
	c.keepResults(&in, known.keeping, o)
	objects, err := manifest.Build(in)
	if err != nil {
		return nil, err
	}
	if found != nil {
		if err := adoptable(found, objects.Job, o); err != nil {
			return nil, err
		}
		if !diagnose.Submitting(found) {
			s := fromJob(found, c.conn.Hint())
			s.Unchanged = true
			return &s, nil
		}
	}
	for _, w := range append(warnings(t, files, o), objects.Warnings...) {
		c.conn.Warn(w)
	}
	if notice := in.Notice(o.AgentImage); notice != "" {
		c.conn.Warn(notice)
	}
	if warning, err := c.MeetLimitRanges(ctx, objects.Job); err != nil {
		return nil, err
	} else if warning != "" {
		c.conn.Warn(warning)
	}
	if len(devicesOf(&objects.Job.Spec.Template.Spec)) > 0 {
		machines, _ := c.queues.Machines(ctx) // it is only a warning
		if why := lacksDevices(machines, &objects.Job.Spec.Template.Spec); why != "" {
			c.conn.Warn(why + ". The task waits until there is one")
		}
	}
	if err := c.fitsQuota(ctx, objects.Job); err != nil {
		return nil, err
	}
	if err := c.fitsQueue(ctx, objects.Job, known.choice, o); err != nil {
		return nil, err
	}
	// Before the Job, which needs them; without it they are only in the way
	// of nobody, and the next submission finds them there.
	if err := c.upload(ctx, files, o); err != nil {
		return nil, err
	}
	status, err := c.create(ctx, objects, o)
	if err != nil {
		return nil, err
	}
	if w := known.choice.Says(unqueued(status, objects.Job)); w != "" {
		c.conn.Warn(w)
	}
	return status, nil
}

// ask asks at the same time what a submission has to know. Its error is that
// of the user's name; the others wait for those that explain them.
func (c *Client) ask(ctx context.Context, in manifest.Input, o api.SubmitOptions) (known facts, user, creator string, err error) {
	var ahead sync.WaitGroup
	ahead.Go(func() { _, _ = c.namespaceProfile(ctx) }) // an error comes again in preflight
	ahead.Go(func() {
		known.choice, known.noChoice = c.queues.Choose(ctx, c.conn.Namespace, cmp.Or(o.Queue, in.Task.Queue))
	})
	if in.Files != nil || !o.NoResults { // our containers may be in its pods
		ahead.Go(func() { _, _ = c.limitRanges(ctx) }) // an error comes again when it matters
	}
	ahead.Go(func() { known.noRights = c.rights.Require(ctx, submitRights(in)...) })
	if !o.NoResults {
		ahead.Go(func() { known.keeping, known.noStore = c.keepingHere(ctx) })
	}
	if user, err = c.conn.User(ctx); err == nil {
		creator, err = c.conn.Creator(ctx) // the same answer
	}
	ahead.Wait()
	return known, user, creator, err
}

// submitRights are what creating the objects of this input needs.
func submitRights(in manifest.Input) []authz.Right {
	out := authz.Each(jobsResource, "create")
	helpers := manifest.Helpers(in)
	if len(helpers) > 0 {
		out = append(out, authz.Each(jobsResource, "patch")...)
	}
	for _, resource := range helpers {
		out = append(out, authz.Each(resource, "create")...)
	}
	return out
}

// unqueued says what becomes of a task that joins no queue, by what has become of
// its Job.
func unqueued(s *api.TaskStatus, job *batchv1.Job) string {
	switch {
	case s.State == api.Queued:
		return "the task joins none, and waits all the same, since something in the cluster has suspended its Job"
	case len(job.Spec.Template.Spec.SchedulingGates) > 0:
		return "the task joins none"
	}
	return "the task starts at once"
}

// warnings are about the file itself, and about what it brings along.
func warnings(t *spec.Task, files *inputs.Plan, o api.SubmitOptions) []string {
	var out []string
	if o.Queue != "" && t.Queue != "" && o.Queue != t.Queue {
		out = append(out, fmt.Sprintf("the file names queue %q, but --queue %s goes before it", t.Queue, o.Queue))
	}
	if len(t.Ignored) > 0 {
		out = append(out, fmt.Sprintf("ignored fields, which have no effect here: %s", strings.Join(t.Ignored, ", ")))
	}
	if files != nil {
		out = append(out, files.Warnings()...)
	}
	return out
}
