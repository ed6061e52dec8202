package runs

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
	"github.com/kubevast/vast/sdk/internal/task"
	"github.com/kubevast/vast/sdk/spec"
)

// atOnce is how many requests are sent at a time.
const atOnce = 8

// Submit implements sdk.Workflow. It creates the ConfigMap of the run first, which owns the
// other objects, and marks it as complete last: a call that is interrupted leaves a run in
// phase "submitting", which the same request id completes.
func (c *Client) Submit(ctx context.Context, w *spec.Workflow, o api.SubmitOptions) (*api.WorkflowRun, error) {
	s := &submission{c: c, workflow: w, options: o, submitted: time.Now()}
	for _, step := range []func(context.Context) error{
		s.check,       // what this version can run, and the options
		s.identify,    // the user and the id
		s.require,     // the rights, and the account of the driver
		s.findEarlier, // the run of the same request
		s.draft,       // the objects of all tasks
		s.checkEarlier,
		s.checkSecrets, // that of webhooks
		s.checkGroup,   // that no other run is there, with the policy reject
	} {
		if err := step(ctx); err != nil {
			return s.failed(ctx, err)
		}
	}
	if s.earlier != nil && s.earlier.Parts > 0 {
		if err := s.startDriver(ctx, s.earlier.UID); err != nil {
			return nil, err
		}
		run := fromRecord(s.earlier)
		run.Unchanged = true
		return run, nil
	}
	if !o.DryRun.Sends() {
		return s.planned(), nil
	}
	// Everything is checked. Nothing has been created so far.
	return s.create(ctx)
}

// submission is a workflow on its way into the cluster.
type submission struct {
	c        *Client
	workflow *spec.Workflow
	options  api.SubmitOptions
	new      record.New
	// submitted is when the submission began.
	submitted time.Time
	// earlier is the run that an earlier call with the same request ID created.
	earlier *record.Run
	// scheduled: runs are made from it later.
	scheduled bool
	drafts    []*task.Draft
	// campaigns are the tasks that are campaigns, and uploads write what they need into the
	// store.
	campaigns map[string]*record.Campaign
	uploads   []func(context.Context) error
	writer    record.Writer
	parts     [][]byte
	// service is the Service of a job group's host names; empty for another workflow.
	service string
	// secrets are those of the run; names are their names, by their content.
	secrets []*corev1.Secret
	names   map[string]string
}

func (s *submission) identify(ctx context.Context) error {
	user, err := s.c.user(ctx)
	if err != nil {
		return err
	}
	creator, err := s.c.conn.Creator(ctx)
	if err != nil {
		return err
	}
	s.new = record.New{ID: kube.NewRunID(), Namespace: s.c.conn.Namespace, Workflow: s.workflow.Name, User: user, Creator: creator,
		Tasks: len(s.workflow.Tasks)}
	if s.new.Submitter, err = s.submitter(ctx); err != nil {
		return err
	}
	if group := s.workflow.Concurrency; group != nil {
		s.new.Group, s.new.Policy = group.Group, group.Policy
	}
	for _, w := range s.workflow.Webhooks {
		s.new.Webhooks = append(s.new.Webhooks, record.Webhook{URL: w.URL, Secret: w.SecretName, Key: w.SecretKey})
	}
	if s.options.RequestID != "" {
		s.new.ID = kube.DerivedRunID("run", user, creator, s.options.RequestID)
	}
	return nil
}

// require checks the rights that are needed, and that there is a driver.
func (s *submission) require(ctx context.Context) error {
	need := slices.Concat(authz.Each(configMaps, "get", "list", "create", "patch"), authz.Each(jobsResource, "create"))
	for _, t := range s.workflow.Tasks {
		if t.Task != nil && len(t.Task.Secrets) > 0 {
			need = append(need, authz.Each("secrets", "create")...)
			break
		}
	}
	if s.rejects() && !s.scheduled {
		need = append(need, authz.Each(leases, "get", "create", "update")...)
	}
	if s.options.LocalDriver {
		need = append(need, driving...)
	}
	if err := s.c.rights.Require(ctx, need...); err != nil {
		return err
	}
	if s.options.LocalDriver {
		return nil
	}
	return s.c.needsDriver(ctx)
}

// findEarlier finds the run of the same request ID.
func (s *submission) findEarlier(ctx context.Context) error {
	if s.options.RequestID == "" {
		return nil
	}
	cm, err := s.c.conn.Kube.CoreV1().ConfigMaps(s.c.conn.Namespace).Get(ctx, kube.RunName(s.new.ID), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return s.c.conn.Classify(err, "get", configMaps)
	}
	if s.earlier, err = record.FromObject(cm); err != nil {
		return err
	}
	if at, err := time.Parse(time.RFC3339, cm.Annotations[kube.AnnotationSubmitted]); err == nil {
		s.submitted = at // the ids of its campaigns are the same
	}
	return nil
}

// draft renders the objects of all tasks. All problems of the tasks are reported at once.
func (s *submission) draft(ctx context.Context) error {
	s.names = map[string]string{}
	var invalid []error
	hashes := []string{s.workflow.Name}
	var series []string
	if s.workflow.Kind != spec.KindWorkflow {
		for _, t := range s.workflow.Tasks {
			series = append(series, t.Graph.Name)
		}
	}
	passing := passingOf(s.workflow)
	callbacks := false
	for i, t := range s.workflow.Tasks {
		if t.Campaign != nil {
			identity, err := s.draftCampaign(ctx, t)
			if err != nil && !api.IsInvalidSpec(err) {
				return fmt.Errorf("task %s: %w", t.Graph.Name, err)
			}
			if err != nil {
				invalid = append(invalid, err)
			}
			hashes = append(hashes, identity)
			continue
		}
		options := s.options
		options.RequestID, options.Deadline = "", t.Timeout
		d, err := s.c.tasks.Draft(ctx, s.named(t.Task), options, task.Step{Run: s.new.ID, Workflow: s.workflow.Name, Name: t.Graph.Name, Series: series,
			Inputs: passing[i], Passes: len(t.OutputEnv) > 0, Secret: s.secret})
		if err != nil {
			if !api.IsInvalidSpec(err) {
				return fmt.Errorf("task %s: %w", t.Graph.Name, err)
			}
			invalid = append(invalid, err)
			continue
		}
		objects, err := objectsOf(d)
		if err != nil {
			return err
		}
		objects.RuntimeEnv = t.RuntimeEnv
		objects.Callback = cmp.Or(t.EventCallback, s.workflow.EventCallback)
		callbacks = callbacks || objects.Callback != ""
		hashes = append(hashes, objects.Callback)
		s.new.Kept = s.new.Kept || objects.Job.Annotations[kube.AnnotationKept] != ""
		hashes = append(hashes, objects.Job.Annotations[kube.AnnotationSpecHash])
		if err := s.writer.Add(objects); err != nil {
			return err
		}
		s.drafts = append(s.drafts, d)
	}
	if err := api.JoinInvalid(invalid...); err != nil {
		return err
	}
	graph, err := json.Marshal(s.workflow.Graph())
	if err != nil {
		return err
	}
	runtime := map[string]string{}
	for _, v := range s.workflow.RuntimeEnv {
		runtime[v.Name] = v.Value
	}
	s.new.Identity = kube.Hash(strings.Join(append(hashes, string(graph), s.new.Group, s.new.Policy, fmt.Sprint(s.new.Webhooks)), "\x00"))
	s.parts, err = s.writer.Parts(record.Spec{Workflow: *s.workflow.Graph(), RuntimeEnv: runtime, Hosts: s.hosts(), Campaigns: s.campaigns,
		Webhooks: s.new.Webhooks, Callbacks: callbacks})
	return err
}

// secret returns the name of the Secret of the run with some data: one for equal data.
func (s *submission) secret(kind corev1.SecretType, data map[string][]byte) string {
	text, err := json.Marshal([]any{kind, data})
	if err != nil {
		panic("runs: a Secret's data must have a JSON form: " + err.Error())
	}
	key := string(text)
	if s.names[key] == "" {
		name := kube.RunSecret(s.new.ID, len(s.secrets))
		s.names[key] = name
		s.secrets = append(s.secrets, &corev1.Secret{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Immutable:  ptr.To(true), Type: kind, Data: data,
		})
	}
	return s.names[key]
}

// checkEarlier returns a ConflictError if the run of the same request is another one.
func (s *submission) checkEarlier(context.Context) error {
	if s.earlier == nil {
		return nil
	}
	return s.adoptable(s.earlier)
}

func (s *submission) adoptable(have *record.Run) error {
	conflict := func(format string, args ...any) error {
		return &api.ConflictError{Message: fmt.Sprintf(format, args...),
			Remedies: []api.Remedy{{Action: WorkflowsGet, Ref: have.ID, Purpose: "look at it"}}}
	}
	a := have.Object.Annotations
	switch {
	case have.Object.DeletionTimestamp != nil:
		return conflict("run %s of the same request is being deleted; try again when it is gone", have.ID)
	case a[kube.AnnotationCreator] != s.new.Creator:
		return conflict("run %s, which is where request %q would be, was created by another user; choose another request id", have.ID, s.options.RequestID)
	case a[kube.AnnotationSpecHash] != s.new.Identity:
		return conflict("request %q was used before for another workflow (run %s); choose another request id, or delete that run", s.options.RequestID, have.ID)
	}
	return nil
}

// create creates the objects of the run.
func (s *submission) create(ctx context.Context) (*api.WorkflowRun, error) {
	c, o := s.c, s.options
	maps := c.conn.Kube.CoreV1().ConfigMaps(c.conn.Namespace)
	create := metav1.CreateOptions{DryRun: o.DryRun.Param(), FieldManager: o.FieldManager}
	for _, d := range s.drafts {
		if err := c.tasks.Upload(ctx, d, o); err != nil {
			return nil, err
		}
	}
	cm, err := s.new.Object()
	if err != nil {
		return nil, err
	}
	made, err := maps.Create(ctx, cm, create)
	if apierrors.IsAlreadyExists(err) && o.DryRun.Keeps() { // the answer was lost, or another call is at it
		if made, err = maps.Get(ctx, cm.Name, metav1.GetOptions{}); err == nil {
			var have *record.Run
			if have, err = record.FromObject(made); err == nil {
				err = s.adoptable(have)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	if err != nil {
		return nil, c.conn.Classify(err, "create", configMaps)
	}
	if err := s.enterGroup(ctx, made); err != nil {
		return nil, err
	}
	if o.DryRun.Keeps() {
		for _, upload := range s.uploads {
			if err := upload(ctx); err != nil {
				return nil, c.interrupted(s.new.ID, err, o)
			}
		}
	}
	if err := s.createParts(ctx, made.UID, create); err != nil {
		return nil, c.interrupted(s.new.ID, err, o)
	}
	if !o.DryRun.Keeps() {
		return s.planned(), s.startDriver(ctx, made.UID)
	}
	done, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": made.UID,
		"annotations": map[string]any{kube.AnnotationParts: strconv.Itoa(len(s.parts))}}})
	if err != nil {
		return nil, err
	}
	made, err = maps.Patch(ctx, cm.Name, types.MergePatchType, done, metav1.PatchOptions{FieldManager: o.FieldManager})
	if err != nil {
		return nil, c.interrupted(s.new.ID, c.conn.Classify(err, "patch", configMaps), o)
	}
	if err := s.startDriver(ctx, made.UID); err != nil {
		return nil, api.WithRemedies(fmt.Errorf("run %s was submitted, but its driver was not: %w", s.new.ID, err),
			api.Remedy{Action: WorkflowsReconcile, Ref: s.new.ID})
	}
	run, err := record.FromObject(made)
	if err != nil {
		return nil, err
	}
	return fromRecord(run), nil
}

// interrupted returns the error of a submission that was not completed.
func (c *Client) interrupted(id string, err error, o api.SubmitOptions) error {
	if !o.DryRun.Keeps() {
		return err
	}
	return api.WithRemedies(fmt.Errorf("the submission of run %s was not completed: %w", id, err),
		append(api.Remedies(err), api.Remedy{Action: WorkflowsDelete, Ref: id, Purpose: "delete it"})...)
}

// createParts creates the parts of the specification and the Secrets.
func (s *submission) createParts(ctx context.Context, owner types.UID, create metav1.CreateOptions) error {
	core, ns := s.c.conn.Kube.CoreV1(), s.c.conn.Namespace
	var g errgroup.Group
	g.SetLimit(atOnce)
	for _, secret := range s.secrets {
		secret.ObjectMeta = s.new.Meta(kube.KindWorkflowPart, secret.Name, owner)
		g.Go(func() error {
			_, err := core.Secrets(ns).Create(ctx, secret, create)
			if apierrors.IsAlreadyExists(err) { // of the same request; the right to read it may be missing
				return nil
			}
			return s.c.conn.Classify(err, "create", "secrets")
		})
	}
	if service := s.hostService(owner); service != nil && !s.scheduled {
		g.Go(func() error {
			_, err := core.Services(ns).Create(ctx, service, create)
			if apierrors.IsAlreadyExists(err) { // of the same request: the name contains the id
				return nil
			}
			return s.c.conn.Classify(err, "create", "services")
		})
	}
	for _, part := range s.new.PartObjects(s.parts, owner) {
		g.Go(func() error { return s.createPart(ctx, part, create) })
	}
	return g.Wait()
}

// createPart creates a part. One of an earlier call that was interrupted, and that has
// another content, is replaced: no driver has read it.
func (s *submission) createPart(ctx context.Context, part *corev1.ConfigMap, create metav1.CreateOptions) error {
	maps := s.c.conn.Kube.CoreV1().ConfigMaps(s.c.conn.Namespace)
	_, err := maps.Create(ctx, part, create)
	if apierrors.IsAlreadyExists(err) && s.options.DryRun.Keeps() {
		have, getErr := maps.Get(ctx, part.Name, metav1.GetOptions{})
		if getErr != nil {
			return s.c.conn.Classify(getErr, "get", configMaps)
		}
		if same(have, part) {
			return nil
		}
		if err := maps.Delete(ctx, part.Name, access.Exactly(have.UID, metav1.DeleteOptions{})); err != nil && !apierrors.IsNotFound(err) {
			return s.c.conn.Classify(err, "delete", configMaps)
		}
		_, err = maps.Create(ctx, part, create)
	}
	return s.c.conn.Classify(err, "create", configMaps)
}

func same(a, b *corev1.ConfigMap) bool {
	if len(a.BinaryData) != len(b.BinaryData) {
		return false
	}
	for k, v := range a.BinaryData {
		if !bytes.Equal(v, b.BinaryData[k]) {
			return false
		}
	}
	return true
}

// planned is the run as it would be.
func (s *submission) planned() *api.WorkflowRun {
	return &api.WorkflowRun{TypeMeta: api.TypeMeta[api.WorkflowRun](),
		ObjectMeta: metav1.ObjectMeta{Name: kube.RunName(s.new.ID), Namespace: s.new.Namespace}, ID: s.new.ID,
		WorkflowName: s.new.Workflow, User: s.new.User, Phase: "queued", Result: "unknown", NumTasks: s.new.Tasks}
}
