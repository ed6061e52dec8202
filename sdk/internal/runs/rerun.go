package runs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/history"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/portforward"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
	"github.com/kubevast/vast/sdk/spec"
)

// Rerun implements sdk.Workflow. The references to the results that the new run keeps are
// written before it exists. Those that a call leaves that is interrupted before that are
// removed by CollectGarbage.
func (c *Client) Rerun(ctx context.Context, ref string, o api.WorkflowRerunOptions) (*api.WorkflowRun, error) {
	if err := o.DryRun.Check(); err != nil {
		return nil, err
	}
	if o.FromStart && len(o.Tasks) > 0 {
		return nil, api.InvalidOption("Tasks", "all tasks are executed from the start; omit one of the two")
	}
	r := &rerun{submission: submission{c: c, workflow: &spec.Workflow{}, submitted: time.Now(), options: api.SubmitOptions{DryRun: o.DryRun, FieldManager: o.FieldManager,
		LocalDriver: o.LocalDriver, AgentImage: o.AgentImage, RequestID: o.RequestID}}, given: o}
	if err := r.require(ctx); err != nil {
		return nil, err
	}
	id, err := c.resolve(ctx, ref, true)
	if err != nil {
		return nil, err
	}
	if r.old, err = c.read(ctx, id); err != nil {
		return nil, err
	}
	if err := r.rerunnable(); err != nil {
		return nil, err
	}
	if r.spec, err = c.spec(ctx, r.old); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{r.plan, r.identify, r.findEarlier, r.checkEarlier, r.checkGroup, r.rename, r.readSecrets, r.refer} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	out := r.outcome()
	if r.complete() {
		run := fromRecord(r.earlier)
		run.Unchanged, run.Tasks = true, out.Tasks
		return run, r.startDriver(ctx, r.earlier.UID)
	}
	if !o.DryRun.Sends() {
		return out, nil
	}
	made, err := r.create(ctx)
	if err != nil {
		return nil, err
	}
	made.Tasks = out.Tasks
	r.settle(ctx)
	return made, nil
}

// rerun is a run that is executed again.
type rerun struct {
	submission
	given api.WorkflowRerunOptions
	old   *record.Run
	spec  *record.Reader
	again workflow.RerunPlan
	// kept are the ids of the tasks and campaigns of the old run whose results are kept, by the
	// names of the tasks.
	kept map[string]string
	// pending are the records in the store that its references are to be dropped unless it
	// comes to exist.
	pending []string
}

// rerunnable returns a ConflictError for a run that cannot be executed again.
func (r *rerun) rerunnable() error {
	conflict := func(format string, args ...any) error {
		return &api.ConflictError{Message: fmt.Sprintf("run %s ", r.old.ID) + fmt.Sprintf(format, args...)}
	}
	switch phase := r.old.State.Phase; {
	case r.old.Object.Labels[kube.LabelPhase] == "setuperror":
		return conflict("has setup errors and cannot be executed again; correct the file and submit it")
	case r.old.Parts == 0:
		return conflict("was not submitted completely")
	case !phase.Final():
		err := conflict("is %s; stop it first, or wait until it has ended", phase)
		return api.WithRemedies(err, api.Remedy{Action: WorkflowsStop, Ref: r.old.ID})
	case !r.given.FromStart && len(r.given.Tasks) == 0 && r.old.State.Result == workflow.ResultSuccess:
		return api.WithRemedies(conflict("has succeeded: no task has to be executed again"),
			api.Remedy{Options: []string{"FromStart"}, Purpose: "execute all tasks again"})
	}
	return nil
}

func (r *rerun) plan(context.Context) error {
	how := workflow.Rerun{FromStart: r.given.FromStart, Tasks: r.given.Tasks}
	if unknown := how.Unknown(&r.spec.Workflow); len(unknown) > 0 {
		return api.InvalidOption("Tasks", "run %s has no task %s", r.old.ID, strings.Join(unknown, ", "))
	}
	var frozen []string
	for name := range r.given.Envs {
		if _, runtime := r.spec.RuntimeEnv[name]; !runtime {
			frozen = append(frozen, strconv.Quote(name))
		}
	}
	if len(frozen) > 0 {
		slices.Sort(frozen)
		return api.InvalidOption("Envs", "%s cannot be changed in a rerun; those of the workflow's runtime_env can: %s", strings.Join(frozen, ", "),
			strings.Join(slices.Sorted(maps.Keys(r.spec.RuntimeEnv)), ", "))
	}
	r.again = how.Plan(&r.spec.Workflow, r.old.ID, r.old.State)
	return nil
}

// identify sets what the new run is.
func (r *rerun) identify(ctx context.Context) error {
	r.workflow.Name = r.old.Workflow
	if err := r.submission.identify(ctx); err != nil {
		return err
	}
	r.new.Tasks, r.new.RerunOf, r.new.State = len(r.spec.Workflow.Tasks), r.old.ID, r.again.State
	r.new.Identity = r.old.Object.Annotations[kube.AnnotationSpecHash]
	if r.given.RequestID != "" {
		how, err := json.Marshal([]any{r.new.Identity, r.old.ID, r.given.FromStart, r.given.Tasks, r.given.Envs})
		if err != nil {
			return err
		}
		r.new.Identity = kube.Hash(string(how))
	}
	r.new.Group, r.new.Policy, r.new.Webhooks = r.old.Group, r.old.Policy, r.spec.Webhooks
	r.service = record.RenamedHosts(r.spec.Hosts, r.old.ID, r.new.ID)
	return nil
}

// rename makes the objects of the new run from those of the old one.
func (r *rerun) rename(context.Context) error {
	runtime := maps.Clone(r.spec.RuntimeEnv)
	for name := range runtime {
		if v, ok := r.given.Envs[name]; ok {
			runtime[name] = v
		} else if r.given.LookupEnv != nil {
			if v, ok := r.given.LookupEnv(name); ok {
				runtime[name] = v
			}
		}
	}
	r.kept = map[string]string{}
	for _, t := range r.spec.Workflow.Tasks {
		objects, err := r.spec.Renamed(t.Name, r.old.ID, r.new.ID)
		if err != nil {
			return err
		}
		if r.spec.Campaigns[t.Name] != nil {
			if err := r.renameCampaign(t.Name, objects, runtime); err != nil {
				return err
			}
			continue
		}
		job := objects.Job
		for _, name := range objects.RuntimeEnv {
			setEnv(job.Spec.Template.Spec.Containers, name, runtime[name])
		}
		for _, m := range []*metav1.ObjectMeta{&job.ObjectMeta, &job.Spec.Template.ObjectMeta} {
			if m.Labels[kube.LabelUser] != "" {
				m.Labels[kube.LabelUser] = kube.LabelValue(r.new.User)
			}
			if m.Annotations[kube.AnnotationUser] != "" {
				m.Annotations[kube.AnnotationUser] = r.new.User
			}
		}
		if r.new.Creator != "" && job.Annotations[kube.AnnotationCreator] != "" {
			job.Annotations[kube.AnnotationCreator] = r.new.Creator
		}
		if job.Annotations[kube.AnnotationKept] != "" {
			r.new.Kept = true
			if id := r.old.TaskID(t.Name); r.again.Why[t.Name] == "" && id != "" {
				r.kept[t.Name] = id
			}
		}
		if err := r.writer.Add(objects); err != nil {
			return err
		}
	}
	var err error
	r.parts, err = r.writer.Parts(record.Spec{Workflow: r.spec.Workflow, RuntimeEnv: runtime, Hosts: r.hosts(), Campaigns: r.campaigns,
		Webhooks: r.spec.Webhooks, Callbacks: r.spec.Callbacks})
	return err
}

// setEnv sets a variable of the containers that have it, as a value that Kubernetes expands
// nothing in.
func setEnv(containers []corev1.Container, name, value string) {
	for i := range containers {
		for k := range containers[i].Env {
			if e := &containers[i].Env[k]; e.Name == name && e.ValueFrom == nil {
				e.Value = strings.ReplaceAll(value, "$", "$$")
			}
		}
	}
}

// readSecrets copies the Secrets of the old run.
func (r *rerun) readSecrets(ctx context.Context) error {
	// They are those that the objects name: of the run, or of the template that it was made from.
	from := cmp.Or(r.spec.Secrets, r.old.ID)
	names := map[string]bool{}
	pattern := regexp.MustCompile(regexp.QuoteMeta(strings.TrimSuffix(kube.RunSecret(from, 0), "0")) + `(\d+)`)
	for _, t := range r.spec.Workflow.Tasks {
		text, err := r.spec.Text(t.Name)
		if err != nil {
			return err
		}
		if r.spec.Campaigns[t.Name] != nil {
			if text, err = r.spec.JobText(t.Name); err != nil {
				return err
			}
		}
		for _, m := range pattern.FindAllSubmatch(text, -1) {
			names[string(m[1])] = true
		}
	}
	if len(names) == 0 {
		return nil
	}
	if err := r.c.rights.Require(ctx, authz.Each("secrets", "get", "create")...); err != nil {
		return err
	}
	for _, number := range slices.Sorted(maps.Keys(names)) {
		n, err := strconv.Atoi(number)
		if err != nil {
			return err
		}
		have, err := r.c.conn.Kube.CoreV1().Secrets(r.c.conn.Namespace).Get(ctx, kube.RunSecret(from, n), metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return &api.NotFoundError{Kind: "secret", Name: kube.RunSecret(from, n), Namespace: r.c.conn.Namespace, Hint: "the run has to be submitted again from its file"}
		}
		if err != nil {
			return r.c.conn.Classify(err, "get", "secrets")
		}
		r.secrets = append(r.secrets, &corev1.Secret{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
			ObjectMeta: metav1.ObjectMeta{Name: kube.RunSecret(r.new.ID, n)}, Immutable: have.Immutable, Type: have.Type, Data: have.Data})
	}
	return nil
}

// complete reports whether an earlier call with the same request id has submitted the run.
func (r *rerun) complete() bool { return r.earlier != nil && r.earlier.Parts > 0 }

// refer writes the references to what is kept, and then checks that it is there.
func (r *rerun) refer(ctx context.Context) error {
	if len(r.kept) == 0 || r.complete() {
		return nil
	}
	s, err := portforward.Open(ctx, r.c.conn)
	if err != nil {
		return fmt.Errorf("the results of the tasks that are kept: %w", err)
	}
	defer s.Close()
	var keys []string
	if r.options.DryRun.Keeps() {
		put := func(key string) error {
			_, err := s.Put(ctx, key, strings.NewReader(""), 0, store.PutOptions{})
			return err
		}
		for name, id := range r.kept {
			key := layout.RefKey(id, r.new.ID)
			if r.spec.Campaigns[name] != nil {
				// The driver, which starts further attempts, writes no reference of its run.
				if err := put(layout.CampaignRefKey(id, r.old.ID)); err != nil {
					return fmt.Errorf("the reference to kept results: %w", err)
				}
				key = layout.CampaignRefKey(id, r.new.ID)
			}
			// Until the run exists, the reference is recorded as one that was dropped: if this
			// call is killed before, CollectGarbage finds it.
			pending := layout.DroppedKey(id, r.new.ID)
			keys = append(keys, key, pending)
			r.pending = append(r.pending, pending)
			if err := errors.Join(put(pending), put(key)); err != nil {
				return errors.Join(fmt.Errorf("the reference to kept results: %w", err), s.Delete(context.WithoutCancel(ctx), keys...))
			}
		}
	}
	var gone []string
	for _, name := range slices.Sorted(maps.Keys(r.kept)) {
		key := layout.NodePrefix(r.kept[name], 0) + layout.InventoryFile
		if r.spec.Campaigns[name] != nil {
			key = layout.RecordKey(r.kept[name])
		}
		_, err := s.Stat(ctx, key)
		if missing := (*api.NotFoundError)(nil); errors.As(err, &missing) {
			gone = append(gone, name)
		} else if err != nil {
			return errors.Join(fmt.Errorf("the results of task %q: %w", name, err), s.Delete(context.WithoutCancel(ctx), keys...))
		}
	}
	if len(gone) == 0 {
		return nil
	}
	err = &api.ConflictError{Message: fmt.Sprintf("the results of %s, which the rerun would keep, are gone from the store", strings.Join(gone, ", ")),
		Remedies: []api.Remedy{{Options: []string{"FromStart"}, Purpose: "execute all tasks again"}, {Options: []string{"Tasks"}, Purpose: "execute these again"}}}
	return errors.Join(err, s.Delete(context.WithoutCancel(ctx), keys...))
}

// settle removes the records of pending references. One that stays is of no consequence: the
// run exists.
func (r *rerun) settle(ctx context.Context) {
	if len(r.pending) == 0 {
		return
	}
	s, err := portforward.Open(ctx, r.c.conn)
	if err != nil {
		return
	}
	defer s.Close()
	_ = s.Delete(ctx, r.pending...)
}

// outcome is the new run with what is kept and what is executed again.
func (r *rerun) outcome() *api.WorkflowRun {
	out := r.planned()
	fill(out, &record.Run{ID: r.new.ID, State: r.again.State}, &r.spec.Spec)
	for i := range out.Tasks {
		if why := r.again.Why[out.Tasks[i].Name]; why != "" {
			out.Tasks[i].Reason = "is executed again: " + why
		} else {
			out.Succeeded++
		}
	}
	return out
}

// spec reads the specification of a run.
func (c *Client) spec(ctx context.Context, run *record.Run) (*record.Reader, error) {
	if run.Past {
		return inHistory(ctx, c, func(log *history.Log) (*record.Reader, error) { return log.Spec(ctx, run.ID) })
	}
	parts := make([][]byte, run.Parts)
	for i := range parts {
		cm, err := c.conn.Kube.CoreV1().ConfigMaps(c.conn.Namespace).Get(ctx, kube.RunPart(run.ID, i), metav1.GetOptions{})
		if err != nil {
			return nil, c.conn.Classify(err, "get", configMaps)
		}
		if parts[i], err = run.PartOf(cm); err != nil {
			return nil, err
		}
	}
	return record.Read(parts)
}
