package runs

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
)

// fromCronJob returns what a CronJob shows of a schedule.
func fromCronJob(cj *batchv1.CronJob) *api.WorkflowSchedule {
	a := cj.Annotations
	keep := func(text string) int {
		n, _ := strconv.Atoi(text) // one that was changed by hand is 0
		return n
	}
	out := &api.WorkflowSchedule{TypeMeta: api.TypeMeta[api.WorkflowSchedule](), ObjectMeta: cj.ObjectMeta,
		WorkflowName: a[kube.AnnotationSchedule], User: a[kube.AnnotationUser],
		Schedule: cj.Spec.Schedule, TimeZone: ptr.Deref(cj.Spec.TimeZone, ""), ConcurrencyPolicy: string(cj.Spec.ConcurrencyPolicy),
		StartingDeadlineSeconds: cj.Spec.StartingDeadlineSeconds, Suspend: ptr.Deref(cj.Spec.Suspend, false),
		SuccessfulRunsHistoryLimit: keep(a[kube.AnnotationKeepSucceeded]), FailedRunsHistoryLimit: keep(a[kube.AnnotationKeepOthers]),
		LastScheduleTime: cj.Status.LastScheduleTime}
	out.ManagedFields = nil
	if a[kube.AnnotationTemplate] == "" {
		out.Reason = "its submission was not completed; submit its file again"
	}
	return out
}

// List implements sdk.Schedule. It sends two list requests per 500 objects: for the CronJobs,
// and for the metadata of their runs.
func (s Schedules) List(ctx context.Context, o api.TaskListOptions) (*api.WorkflowScheduleList, error) {
	c := s.c
	if len(o.States) > 0 {
		return nil, api.Invalid("", "schedules have no states")
	}
	namespace, selector, err := c.selection(ctx, kube.KindSchedule, o)
	if err != nil {
		return nil, err
	}
	list := &api.WorkflowScheduleList{TypeMeta: api.TypeMeta[api.WorkflowScheduleList](), Items: []api.WorkflowSchedule{}}
	if err := s.each(ctx, namespace, selector, func(cj *batchv1.CronJob) { list.Items = append(list.Items, *fromCronJob(cj)) }); err != nil {
		return nil, err
	}
	slices.SortFunc(list.Items, func(a, b api.WorkflowSchedule) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.WorkflowName, b.WorkflowName))
	})
	return list, c.addRuns(ctx, namespace, list.Items)
}

// each calls do with each schedule that a selector selects.
func (s Schedules) each(ctx context.Context, namespace, selector string, do func(*batchv1.CronJob)) error {
	for page := (metav1.ListOptions{LabelSelector: selector, Limit: pageSize}); ; {
		got, err := s.c.conn.Kube.BatchV1().CronJobs(namespace).List(ctx, page)
		if err != nil {
			return s.c.conn.Classify(err, "list", cronJobs)
		}
		for i := range got.Items {
			if got.Items[i].Annotations[kube.AnnotationSchedule] != "" { // another one is a foreign object with our label
				do(&got.Items[i])
			}
		}
		if page.Continue = got.Continue; page.Continue == "" {
			return nil
		}
	}
}

// Active returns the names of the schedules of the namespace that are not suspended.
func (s Schedules) Active(ctx context.Context) ([]string, error) {
	var names []string
	err := s.each(ctx, s.c.conn.Namespace, kube.LabelKind+"="+kube.KindSchedule, func(cj *batchv1.CronJob) {
		if !ptr.Deref(cj.Spec.Suspend, false) {
			names = append(names, cj.Annotations[kube.AnnotationSchedule])
		}
	})
	return names, err
}

// addRuns sets what the runs of schedules are.
func (c *Client) addRuns(ctx context.Context, namespace string, all []api.WorkflowSchedule) error {
	if len(all) == 0 {
		return nil
	}
	type key struct{ namespace, name string }
	of := make(map[key]*api.WorkflowSchedule, len(all))
	newest := map[key]metav1.Time{}
	for i := range all {
		of[key{all[i].Namespace, all[i].WorkflowName}] = &all[i]
	}
	return c.each(ctx, namespace, kube.LabelKind+"="+kube.KindWorkflow+","+kube.LabelSchedule, func(m metav1.ObjectMeta) error {
		run, err := record.FromMeta(m)
		if err != nil {
			return nil
		}
		k := key{m.Namespace, run.Schedule}
		schedule := of[k]
		if schedule == nil {
			return nil
		}
		r := fromRecord(run)
		if !r.Ended() {
			schedule.Active++
		}
		if at, ok := newest[k]; !ok || at.Before(&m.CreationTimestamp) {
			newest[k] = m.CreationTimestamp
			schedule.LastRun, schedule.LastPhase, schedule.LastResult = r.ID, r.Phase, r.Result
		}
		return nil
	})
}

// get returns the CronJob of the schedule that ref names.
func (s Schedules) get(ctx context.Context, text string) (*batchv1.CronJob, error) {
	ref, err := kube.ParseRef(text, kube.RefSchedule)
	if err != nil {
		return nil, err
	}
	if ref.Name == "" {
		err := api.Invalid("", "no schedule named; give the name of its workflow")
		err.Problems[0].Remedies = []api.Remedy{{Action: SchedulesList}}
		return nil, err
	}
	c := s.c
	for _, name := range []string{kube.ScheduleName(ref.Name), ref.Name} {
		if len(validation.IsDNS1123Subdomain(name)) > 0 {
			continue
		}
		cj, err := c.conn.Kube.BatchV1().CronJobs(c.conn.Namespace).Get(ctx, name, metav1.GetOptions{})
		if err == nil && cj.Labels[kube.LabelKind] == kube.KindSchedule && cj.Annotations[kube.AnnotationSchedule] != "" {
			return cj, nil
		}
		if err != nil && !apierrors.IsNotFound(err) {
			return nil, c.conn.Classify(err, "get", cronJobs)
		}
	}
	return nil, s.notFound(text)
}

func (s Schedules) notFound(ref string) error {
	return &api.NotFoundError{Kind: "schedule", Name: ref, Namespace: s.c.conn.Namespace, Remedies: []api.Remedy{
		{Action: SchedulesList, Options: []string{"AllUsers"}}, {Options: []string{"Namespace"}, Purpose: "look in another namespace"}}}
}

// Suspend implements sdk.Schedule.
func (s Schedules) Suspend(ctx context.Context, ref string, o api.TaskStopOptions) (*api.WorkflowSchedule, error) {
	return s.suspend(ctx, ref, true, o)
}

// Resume implements sdk.Schedule.
func (s Schedules) Resume(ctx context.Context, ref string, o api.TaskStopOptions) (*api.WorkflowSchedule, error) {
	return s.suspend(ctx, ref, false, o)
}

func (s Schedules) suspend(ctx context.Context, ref string, value bool, o api.TaskStopOptions) (*api.WorkflowSchedule, error) {
	cj, err := s.change(ctx, ref, "patch", o)
	if err != nil {
		return nil, err
	}
	if !value {
		if err := complete(cj); err != nil {
			return nil, err
		}
	}
	out := fromCronJob(cj)
	out.Unchanged = out.Suspend == value
	out.Suspend = value
	if out.Unchanged || !o.DryRun.Sends() {
		return out, nil
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": cj.UID}, "spec": map[string]any{"suspend": value}})
	if err != nil {
		return nil, err
	}
	cj, err = s.c.conn.Kube.BatchV1().CronJobs(s.c.conn.Namespace).Patch(ctx, cj.Name, types.MergePatchType, patch,
		metav1.PatchOptions{DryRun: o.DryRun.Param(), FieldManager: o.FieldManager})
	if apierrors.IsNotFound(err) {
		return nil, s.notFound(ref)
	}
	if err != nil {
		return nil, s.c.conn.Classify(err, "patch", cronJobs)
	}
	return fromCronJob(cj), nil
}

// change returns the CronJob that a method changes, after its checks.
func (s Schedules) change(ctx context.Context, ref, verb string, o api.TaskStopOptions) (*batchv1.CronJob, error) {
	if err := o.DryRun.Check(); err != nil {
		return nil, err
	}
	need := authz.Each(cronJobs, "get")
	if verb != "" {
		need = authz.Each(cronJobs, "get", verb)
	}
	if err := s.c.rights.Require(ctx, need...); err != nil {
		return nil, err
	}
	return s.get(ctx, ref)
}

// complete returns a ConflictError for a schedule whose submission was not completed.
func complete(cj *batchv1.CronJob) error {
	if cj.Annotations[kube.AnnotationTemplate] != "" {
		return nil
	}
	return &api.ConflictError{Message: fmt.Sprintf("the submission of schedule %q was not completed; submit its file again, or delete it", cj.Annotations[kube.AnnotationSchedule])}
}

// Delete implements sdk.Schedule. The runs have their specification and own the template
// besides the CronJob, so that they stay.
func (s Schedules) Delete(ctx context.Context, ref string, o api.TaskStopOptions) (*api.WorkflowSchedule, error) {
	cj, err := s.change(ctx, ref, "delete", o)
	if err != nil {
		return nil, err
	}
	if !o.DryRun.Sends() {
		return fromCronJob(cj), nil
	}
	err = s.c.conn.Kube.BatchV1().CronJobs(s.c.conn.Namespace).Delete(ctx, cj.Name,
		access.Exactly(cj.UID, metav1.DeleteOptions{PropagationPolicy: ptr.To(metav1.DeletePropagationBackground), DryRun: o.DryRun.Param()}))
	return fromCronJob(cj), s.c.conn.Deleted(err, cronJobs, cj.Name)
}

// Trigger implements sdk.Schedule. It creates a Job of the CronJob, as kubectl create job
// --from does.
func (s Schedules) Trigger(ctx context.Context, ref string, o api.TaskStopOptions) (*api.WorkflowSchedule, error) {
	cj, err := s.change(ctx, ref, "", o)
	if err != nil {
		return nil, err
	}
	if err := s.c.rights.Require(ctx, authz.Each(jobsResource, "create")...); err != nil {
		return nil, err
	}
	if err := complete(cj); err != nil {
		return nil, err
	}
	out := fromCronJob(cj)
	if !o.DryRun.Sends() {
		return out, nil
	}
	job := &batchv1.Job{
		TypeMeta: metav1.TypeMeta{APIVersion: "batch/v1", Kind: "Job"},
		ObjectMeta: metav1.ObjectMeta{Name: cj.Name + "-" + kube.NewID(), Namespace: cj.Namespace, Labels: cj.Spec.JobTemplate.Labels,
			Annotations: map[string]string{"cronjob.kubernetes.io/instantiate": "manual"},
			// It does not block the deletion of the owner: that requires another right on some clusters.
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "CronJob", Name: cj.Name, UID: cj.UID, Controller: ptr.To(true)}}},
		Spec: cj.Spec.JobTemplate.Spec,
	}
	made, err := s.c.conn.Kube.BatchV1().Jobs(cj.Namespace).Create(ctx, job, metav1.CreateOptions{DryRun: o.DryRun.Param(), FieldManager: o.FieldManager})
	if err != nil {
		return nil, s.c.conn.Classify(err, "create", jobsResource)
	}
	out.Triggered = kube.ScheduledRunID(string(made.UID))
	return out, nil
}
