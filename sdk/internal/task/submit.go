package task

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/kubevast/vast/internal/diagnose"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
	"github.com/kubevast/vast/sdk/internal/inputs"
	"github.com/kubevast/vast/sdk/internal/manifest"
	"github.com/kubevast/vast/sdk/internal/queue"
	"github.com/kubevast/vast/sdk/spec"
)

// Submit implements sdk.Task.
func (c *Client) Submit(ctx context.Context, t *spec.Task, o api.SubmitOptions) (*api.TaskStatus, error) {
	s := newSubmission(c, t, o)
	err := s.do(ctx,
		s.check,          // the file and the options
		s.readFiles,      // the workdir and the file mounts
		s.readCluster,    // the user, the queue, the store and the rights
		s.findEarlier,    // the Job of the same request
		s.readNamespace,  // the security profile, the volumes and the nodes' labels
		s.requireCluster, // what readCluster could not read
		s.setQueue,       // the queue and the priority
		s.setResults,     // where results and logs are kept
		s.build,          // the Kubernetes objects
		s.checkEarlier,   // whether the Job of the same request is this task
	)
	if err != nil {
		return nil, err
	}
	if s.earlier != nil && !diagnose.Submitting(s.earlier) {
		status := fromJob(s.earlier)
		status.Unchanged = true
		return &status, nil
	}
	err = s.do(ctx,
		s.meetLimitRanges, // what the namespace requires of our containers
		s.checkFit,        // quotas, nodes and the queue's resources
	)
	if err != nil {
		return nil, err
	}
	// The submission is complete. Nothing has been created so far.
	//
	// The pods need the uploaded inputs. If the Job cannot be created afterwards,
	// they are harmless, and the next submission reuses them.
	if err := c.upload(ctx, s.files, o); err != nil {
		return nil, err
	}
	status, err := c.create(ctx, s.objects, o)
	if err != nil {
		return nil, err
	}
	if n := s.known.choice.Notice(unqueued(status, s.objects.Job)); n.Message != "" {
		c.conn.Warn(n.Message, n.Remedies...)
	}
	return status, nil
}

// submission is a task on its way into the cluster. Each step of Submit sets
// some of its fields from those that earlier steps have set; no step creates
// anything.
type submission struct {
	c       *Client
	task    *spec.Task
	options api.SubmitOptions
	// step is set for a task of a workflow's run.
	step *Step

	// files are the workdir and the file mounts; nil for none.
	files *inputs.Plan
	// input is what the objects are built from.
	input manifest.Input
	known facts
	// earlier is the Job that an earlier call with the same request ID created;
	// nil for none.
	earlier *batchv1.Job
	objects *manifest.Objects
}

func newSubmission(c *Client, t *spec.Task, o api.SubmitOptions) *submission {
	return &submission{c: c, task: t, options: o}
}

// do runs steps up to the first error.
func (s *submission) do(ctx context.Context, steps ...func(context.Context) error) error {
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// facts are what the cluster reports independently of the user's name. An error
// is returned by requireCluster, after those that explain it, such as a missing
// namespace.
type facts struct {
	choice                         queue.Choice
	keeping                        keeping
	choiceErr, rightsErr, storeErr error
}

// Render implements sdk.Task. The objects have the names that the task
// gives its volumes, because only a cluster can map them to claims; a queue
// only if one is named; and nothing that keeps results, because only the
// cluster has the address of a store.
func (c *Client) Render(t *spec.Task, o api.SubmitOptions) (*api.RenderedTask, error) {
	s, ctx := newSubmission(c, t, o), context.Background()
	if err := s.do(ctx, s.check, s.readFiles); err != nil {
		return nil, err
	}
	s.setUser(c.conn.OfflineUser(), "")
	for _, v := range t.Volumes {
		s.input.Mounts = append(s.input.Mounts, manifest.Mount{Path: v.Path, SubPath: v.SubPath, Claim: v.Volume, Ephemeral: v.Ephemeral})
	}
	if name := cmp.Or(o.Queue, t.Queue); name != queue.None {
		s.input.Queue, s.input.QueuePriority = name, t.QueuePriority
	}
	if err := s.build(ctx); err != nil {
		return nil, err
	}
	status := fromJob(s.objects.Job)
	status.State = "" // there is no Job
	return &api.RenderedTask{Task: &status, Objects: s.objects.All(), Warnings: s.notices()}, nil
}

// check validates the file and the options without a cluster.
func (s *submission) check(context.Context) error { return s.c.check(s.task, s.options) }

// readFiles reads the workdir and the file mounts, and sets the input but for
// what only the cluster reports.
func (s *submission) readFiles(ctx context.Context) (err error) {
	if s.files, err = plan(ctx, s.task, s.options); err == nil {
		s.input = s.c.input(s.task, s.options, s.files)
	}
	return err
}

// readCluster sends the independent requests of a submission concurrently. It
// returns the error of the request for the user's name; requireCluster returns
// the others.
func (s *submission) readCluster(ctx context.Context) error {
	c := s.c
	var requests sync.WaitGroup
	requests.Go(func() { _, _ = c.namespaceProfile(ctx) }) // readNamespace returns the error
	requests.Go(func() {
		s.known.choice, s.known.choiceErr = c.queues.Choose(ctx, c.conn.Namespace, cmp.Or(s.options.Queue, s.task.Queue))
	})
	if s.files != nil || !s.options.NoResults { // our containers may be in its pods
		requests.Go(func() { _, _ = c.limitRanges(ctx) }) // meetLimitRanges returns the error
	}
	requests.Go(func() { s.known.rightsErr = c.rights.Require(ctx, s.rights()...) })
	if !s.options.NoResults {
		requests.Go(func() { s.known.keeping, s.known.storeErr = c.keepingHere(ctx) })
	}
	user, err := c.conn.User(ctx)
	creator := ""
	if err == nil {
		creator, err = c.conn.Creator(ctx) // from the answer to User
	}
	requests.Wait()
	s.setUser(user, creator)
	return err
}

// requireCluster returns the first error of readCluster's requests.
func (s *submission) requireCluster(context.Context) error {
	return cmp.Or(s.known.rightsErr, s.known.choiceErr, s.known.storeErr)
}

// rights are those that creating the task's objects requires.
func (s *submission) rights() []authz.Right {
	out := authz.Each(jobsResource, "create")
	helpers := manifest.Helpers(s.input)
	if len(helpers) > 0 {
		out = append(out, authz.Each(jobsResource, "patch")...)
	}
	for _, resource := range helpers {
		out = append(out, authz.Each(resource, "create")...)
	}
	return out
}

// build builds the Kubernetes objects from the input.
func (s *submission) build(context.Context) (err error) {
	s.objects, err = manifest.Build(s.input)
	if err == nil {
		manifest.RequireArch(&s.objects.Job.Spec.Template.Spec, s.task.Arch)
	}
	return err
}

// meetLimitRanges sets the resources of our containers that the namespace's
// LimitRanges require. It emits the warnings about the objects, which are final
// then.
func (s *submission) meetLimitRanges(ctx context.Context) error {
	for _, n := range s.notices() {
		s.c.conn.Warn(n.Message, n.Remedies...)
	}
	warning, err := s.c.MeetLimitRanges(ctx, s.objects.Job)
	if warning != "" {
		s.c.conn.Warn(warning)
	}
	return err
}

// checkFit returns an error if the namespace's quotas or the queue can never
// admit the task, and warns if no node has its devices.
func (s *submission) checkFit(ctx context.Context) error {
	job := s.objects.Job
	if pod := &job.Spec.Template.Spec; len(devicesOf(pod)) > 0 {
		machines, _ := s.c.queues.Machines(ctx) // it is only a warning
		if why := lacksDevices(machines, pod); why != "" {
			s.c.conn.Warn(why + ". The task waits until there is one")
		}
	}
	if len(s.task.Arch) > 0 {
		machines, _ := s.c.queues.Machines(ctx) // it is only a warning
		if why := lacksArch(machines, s.task.Arch); why != "" {
			s.c.conn.Warn(fmt.Sprintf("task %q: %s. The task waits until there is one", s.task.Name, why))
		}
	}
	return s.c.Fits(ctx, job, s.known.choice, s.options.Force)
}

// unqueued describes what happens to a task that joins no queue, according to its
// created Job.
func unqueued(s *api.TaskStatus, job *batchv1.Job) string {
	switch {
	case s.State == api.Queued:
		return "the task joins none, and waits all the same, since something in the cluster has suspended its Job"
	case len(job.Spec.Template.Spec.SchedulingGates) > 0:
		return "the task joins none"
	}
	return "the task starts at once"
}

// notices returns the warnings about the file, its inputs and the objects.
func (s *submission) notices() []api.Notice {
	var out []api.Notice
	add := func(messages ...string) {
		for _, m := range messages {
			out = append(out, api.Notice{Message: m})
		}
	}
	if o, file := s.options.Queue, s.task.Queue; o != "" && file != "" && o != file {
		add(fmt.Sprintf("queue %q overrides queue %q of the file", o, file))
	}
	if len(s.task.Ignored) > 0 {
		add(fmt.Sprintf("ignored fields, which have no effect here: %s", strings.Join(s.task.Ignored, ", ")))
	}
	if s.files != nil {
		add(s.files.Warnings()...)
	}
	add(s.objects.Warnings...)
	if notice := s.input.Notice(s.options.AgentImage); notice != "" {
		add(notice)
	}
	return out
}
