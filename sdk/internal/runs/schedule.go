package runs

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
	"github.com/kubevast/vast/sdk/spec"
)

// Schedules implements sdk.Schedule.
type Schedules struct{ c *Client }

// Schedules returns the client of schedules.
func (c *Client) Schedules() Schedules { return Schedules{c} }

const (
	cronJobs = "cronjobs.batch"
	// firingTries is how often Kubernetes starts the pod of a firing again. The pod itself
	// waits for an API server that it does not reach.
	firingTries = 6
	// keptFirings is how many Jobs of firings stay, with their logs.
	keptFirings = 3
)

// The actions of remedies.
const (
	SchedulesList    api.Action = "Schedules.List"
	SchedulesSuspend api.Action = "Schedules.Suspend"
)

// Apply implements sdk.Schedule. The CronJob is created first, suspended and without a
// template; it owns the template. It refers to a template when that is complete, so that an
// interrupted call leaves a schedule as it was, and another call completes it.
func (s Schedules) Apply(ctx context.Context, w *spec.Workflow, o api.SubmitOptions) (*api.WorkflowSchedule, error) {
	a := &scheduling{submission: submission{c: s.c, workflow: w, options: o, scheduled: true}}
	for _, step := range []func(context.Context) error{a.checkSchedule, a.check, a.identify, a.require, a.find, a.draft, a.render} {
		if err := step(ctx); err != nil {
			_, err = a.failed(ctx, err)
			return nil, err
		}
	}
	if !o.DryRun.Sends() {
		return fromCronJob(a.cronJob), nil
	}
	return a.create(ctx)
}

// scheduling is a schedule on its way into the cluster.
type scheduling struct {
	submission
	// cronJob is as it shall be, have as it is; nil if there is none.
	cronJob, have *batchv1.CronJob
	template      *record.Template
}

// checkSchedule validates what a schedule has besides a submission.
func (s *scheduling) checkSchedule(context.Context) error {
	switch {
	case s.workflow.Schedule == nil:
		return api.Invalid("", "the workflow has no schedule")
	case s.workflow.Name == "":
		return api.Invalid("", "a workflow with a schedule needs a name")
	case s.options.RequestID != "":
		return api.InvalidOption("RequestID", "a schedule is identified by the name of its workflow")
	case s.options.LocalDriver:
		return api.InvalidOption("LocalDriver", "a schedule submits runs when no client is there; it needs the driver in the cluster")
	}
	return nil
}

// find finds the CronJob of the schedule.
func (s *scheduling) find(ctx context.Context) error {
	s.new.Schedule = s.workflow.Name
	need := slices.Concat(authz.Each(cronJobs, "get", "create", "patch"), authz.Each(configMaps, "get", "list", "create", "patch", "delete"))
	if err := s.c.rights.Require(ctx, need...); err != nil {
		return err
	}
	have, err := s.c.conn.Kube.BatchV1().CronJobs(s.c.conn.Namespace).Get(ctx, kube.ScheduleName(s.new.Schedule), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return s.c.conn.Classify(err, "get", cronJobs)
	}
	switch a := have.Annotations; {
	case have.Labels[kube.LabelKind] != kube.KindSchedule || a[kube.AnnotationSchedule] != s.new.Schedule:
		return &api.ConflictError{Message: fmt.Sprintf("cronjob %q exists and is not a schedule of the workflow %q", have.Name, s.new.Schedule)}
	case have.DeletionTimestamp != nil:
		return &api.ConflictError{Message: fmt.Sprintf("schedule %q is being deleted; try again when it is gone", s.new.Schedule)}
	case a[kube.AnnotationCreator] != s.new.Creator:
		return &api.ConflictError{Message: fmt.Sprintf("schedule %q belongs to user %q; delete it first, or choose another name for the workflow", s.new.Schedule, a[kube.AnnotationUser])}
	}
	s.have = have
	return nil
}

// render makes the CronJob and the template.
func (s *scheduling) render(ctx context.Context) error {
	driver, err := s.c.driver(ctx, s.new, "", s.options)
	if err != nil {
		return err
	}
	s.template = &record.Template{Run: s.new, Driver: driver, Parts: len(s.parts)}
	image, err := agentImage(s.options)
	if err != nil {
		return err
	}
	s.cronJob = cronJobOf(s.new, s.workflow, image)
	return s.c.tasks.MeetBounds(ctx, &s.cronJob.Spec.JobTemplate.Spec.Template.Spec.Containers[0])
}

// cronJobOf returns the CronJob of a schedule with its template.
func cronJobOf(n record.New, w *spec.Workflow, image string) *batchv1.CronJob {
	schedule := w.Schedule
	labels := map[string]string{kube.LabelKind: kube.KindSchedule, kube.LabelSchedule: kube.LabelValue(n.Schedule),
		kube.LabelUser: kube.LabelValue(n.User), kube.LabelManagedBy: kube.ManagedBy}
	name := kube.ScheduleName(n.Schedule)
	cj := &batchv1.CronJob{
		TypeMeta: metav1.TypeMeta{APIVersion: "batch/v1", Kind: "CronJob"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: n.Namespace, Labels: labels, Annotations: map[string]string{
			kube.AnnotationSchedule: n.Schedule, kube.AnnotationUser: n.User, kube.AnnotationTemplate: n.ID, kube.AnnotationCreator: n.Creator,
			kube.AnnotationKeepSucceeded: strconv.Itoa(schedule.SuccessfulRunsHistoryLimit), kube.AnnotationKeepOthers: strconv.Itoa(schedule.FailedRunsHistoryLimit)}},
		Spec: batchv1.CronJobSpec{
			Schedule: schedule.Cron, Suspend: ptr.To(schedule.Suspend), ConcurrencyPolicy: batchv1.ConcurrencyPolicy(schedule.ConcurrencyPolicy),
			StartingDeadlineSeconds:    schedule.StartingDeadlineSeconds,
			SuccessfulJobsHistoryLimit: ptr.To[int32](keptFirings), FailedJobsHistoryLimit: ptr.To[int32](keptFirings),
			JobTemplate: batchv1.JobTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: batchv1.JobSpec{
					BackoffLimit: ptr.To[int32](firingTries),
					Template: agentPod(labels, image, corev1.RestartPolicyNever, []string{"submit", name},
						fieldVar(agentspec.EnvJobName, "metadata.labels['"+batchv1.JobNameLabel+"']")),
				},
			},
		},
	}
	if schedule.TimeZone != "" {
		cj.Spec.TimeZone = &schedule.TimeZone
	}
	return cj
}

// create creates or changes the objects of the schedule.
func (s *scheduling) create(ctx context.Context) (*api.WorkflowSchedule, error) {
	c, o := s.c, s.options
	create := metav1.CreateOptions{DryRun: o.DryRun.Param(), FieldManager: o.FieldManager}
	for _, d := range s.drafts {
		if err := c.tasks.Upload(ctx, d, o); err != nil {
			return nil, err
		}
	}
	if s.have == nil {
		first := s.cronJob.DeepCopy()
		delete(first.Annotations, kube.AnnotationTemplate)
		first.Spec.Suspend = ptr.To(true)
		made, err := c.conn.Kube.BatchV1().CronJobs(c.conn.Namespace).Create(ctx, first, create)
		if apierrors.IsAlreadyExists(err) {
			return nil, s.changed()
		}
		if err != nil {
			return nil, c.conn.Classify(err, "create", cronJobs)
		}
		s.have = made
	}
	cm, err := s.template.Object(metav1.OwnerReference{APIVersion: "batch/v1", Kind: "CronJob", Name: s.have.Name, UID: s.have.UID})
	if err != nil {
		return nil, err
	}
	made, err := c.conn.Kube.CoreV1().ConfigMaps(c.conn.Namespace).Create(ctx, cm, create)
	if err != nil {
		return nil, c.conn.Classify(err, "create", configMaps)
	}
	if err := s.createParts(ctx, made.UID, create); err != nil {
		return nil, err
	}
	if !o.DryRun.Keeps() {
		return fromCronJob(s.cronJob), nil
	}
	cj, err := s.refer(ctx)
	if err != nil {
		return nil, err
	}
	return fromCronJob(cj), s.dropTemplates(ctx, made)
}

func (s *scheduling) changed() error {
	return &api.ConflictError{Message: fmt.Sprintf("schedule %q was changed at the same time; submit it again", s.new.Schedule)}
}

// refer has the CronJob refer to the new template, unless another call was quicker.
func (s *scheduling) refer(ctx context.Context) (*batchv1.CronJob, error) {
	jobs := s.c.conn.Kube.BatchV1().CronJobs(s.c.conn.Namespace)
	known := s.have.Annotations[kube.AnnotationTemplate]
	for {
		patch, err := patchTo(s.have, s.cronJob)
		if err != nil {
			return nil, err
		}
		made, err := jobs.Patch(ctx, s.have.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: s.options.FieldManager})
		if !apierrors.IsConflict(err) {
			return made, s.c.conn.Classify(err, "patch", cronJobs)
		}
		uid := s.have.UID
		if s.have, err = jobs.Get(ctx, s.have.Name, metav1.GetOptions{}); err != nil {
			return nil, s.c.conn.Classify(err, "get", cronJobs)
		}
		if s.have.UID != uid || s.have.Annotations[kube.AnnotationTemplate] != known {
			return nil, s.changed()
		}
	}
}

// patchTo returns the merge patch that makes a CronJob what another one is, at the
// resourceVersion that was read.
func patchTo(have, want *batchv1.CronJob) ([]byte, error) {
	data, err := json.Marshal(want.Spec)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, err
	}
	for _, name := range []string{"timeZone", "startingDeadlineSeconds"} {
		if _, set := fields[name]; !set {
			fields[name] = nil
		}
	}
	return json.Marshal(map[string]any{"spec": fields, "metadata": map[string]any{"uid": have.UID, "resourceVersion": have.ResourceVersion,
		"labels": want.Labels, "annotations": want.Annotations}})
}

// dropTemplates has the CronJob own no templates that are older than the one it refers to:
// those are deleted with the last run that was made from them.
func (s *scheduling) dropTemplates(ctx context.Context, now *corev1.ConfigMap) error {
	selector := kube.LabelKind + "=" + kube.KindTemplate + "," + kube.LabelSchedule + "=" + kube.LabelValue(s.new.Schedule)
	var old []metav1.ObjectMeta
	err := s.c.each(ctx, s.c.conn.Namespace, selector, func(m metav1.ObjectMeta) error {
		if m.Name != now.Name && m.CreationTimestamp.Before(&now.CreationTimestamp) && m.Annotations[kube.AnnotationSchedule] == s.new.Schedule {
			old = append(old, m)
		}
		return nil
	})
	for _, m := range old {
		if err == nil {
			err = s.c.disown(ctx, m, s.have.UID)
		}
	}
	return err
}

// disown removes an owner from a ConfigMap, and deletes one that has no other owner.
func (c *Client) disown(ctx context.Context, m metav1.ObjectMeta, owner types.UID) error {
	maps := c.conn.Kube.CoreV1().ConfigMaps(c.conn.Namespace)
	for {
		rest := slices.DeleteFunc(slices.Clone(m.OwnerReferences), func(r metav1.OwnerReference) bool { return r.UID == owner })
		var err error
		switch {
		case len(rest) == len(m.OwnerReferences) && len(rest) > 0:
			return nil
		case len(rest) == 0:
			err = maps.Delete(ctx, m.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &m.UID, ResourceVersion: &m.ResourceVersion}})
		default:
			var patch []byte
			patch, err = json.Marshal(map[string]any{"metadata": map[string]any{"uid": m.UID, "resourceVersion": m.ResourceVersion, "ownerReferences": rest}})
			if err != nil {
				return err
			}
			_, err = maps.Patch(ctx, m.Name, types.MergePatchType, patch, metav1.PatchOptions{})
		}
		if apierrors.IsNotFound(err) {
			return nil
		}
		if !apierrors.IsConflict(err) {
			return c.conn.Classify(err, "patch", configMaps)
		}
		now, err := maps.Get(ctx, m.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return c.conn.Classify(err, "get", configMaps)
		}
		m = now.ObjectMeta
	}
}
