// Package schedule makes the runs of a workflow with a schedule: a Job of the schedule's
// CronJob copies the template of the schedule to a run, and starts the driver of that. It is
// what the agent does in that Job. The concurrency policy of the CronJob counts these Jobs,
// which are short; this package applies it to the runs, too.
package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow/driver"
	"github.com/kubevast/vast/internal/workflow/record"
)

// Options are those of Fire.
type Options struct {
	API       *apiserver.Client
	Namespace string
	// CronJob is the name of the schedule's CronJob, Job that of the Job that runs this.
	CronJob, Job string
	Log          func(format string, args ...any)
}

const (
	// lookEvery is how often a firing that waits looks at the runs before it.
	lookEvery = 5 * time.Second
	// tries is how often a firing begins again when the schedule changes meanwhile.
	tries = 10
)

// errChanged: the template was replaced or removed meanwhile.
var errChanged = errors.New("the schedule changes all the time")

// Fire makes the run of a Job. The id of the run follows from the Job, so that a call that
// was interrupted is completed by the next one. With the policy Forbid it waits until the
// runs before have ended, or until the schedule's startingDeadlineSeconds have passed; with
// Replace it stops them first. A schedule that is gone or is not complete makes no run, which
// is not an error.
func Fire(ctx context.Context, o Options) error {
	f := &firing{Options: o}
	job := &batchv1.Job{}
	if err := o.API.Send(ctx, http.MethodGet, f.path("/apis/batch/v1", "jobs/"+o.Job), nil, job); err != nil {
		return err
	}
	f.job, f.id = job, kube.ScheduledRunID(string(job.UID))
	for range tries {
		err := f.once(ctx)
		if !errors.Is(err, errChanged) {
			return err
		}
	}
	return errChanged
}

// firing is a Job of a schedule that makes a run.
type firing struct {
	Options
	job *batchv1.Job
	// id is that of the run.
	id      string
	cronJob *batchv1.CronJob
}

func (f *firing) path(group, rest string) string {
	return group + "/namespaces/" + f.Namespace + "/" + rest
}

func (f *firing) maps(name string) string { return f.path("/api/v1", "configmaps/"+name) }

// once makes the run from the template that the schedule has now.
func (f *firing) once(ctx context.Context) error {
	f.cronJob = &batchv1.CronJob{}
	err := f.API.Send(ctx, http.MethodGet, f.path("/apis/batch/v1", "cronjobs/"+f.CronJob), nil, f.cronJob)
	if apiserver.Is(err, http.StatusNotFound) {
		f.Log("the schedule was deleted")
		return nil
	}
	if err != nil {
		return err
	}
	id := f.cronJob.Annotations[kube.AnnotationTemplate]
	if id == "" {
		f.Log("the schedule is not complete: submit its file again")
		return nil
	}
	run, err := f.run(ctx)
	if err != nil {
		return err
	}
	if run == nil { // otherwise its turn has come
		if turn, err := f.turn(ctx); err != nil || !turn {
			return err
		}
	} else if run.Template != "" {
		id = run.Template
	}
	if err := f.create(ctx, id, run); err != nil {
		return err
	}
	return f.prune(ctx)
}

// run returns the run if it exists.
func (f *firing) run(ctx context.Context) (*record.Run, error) {
	cm := &corev1.ConfigMap{}
	err := f.API.Send(ctx, http.MethodGet, f.maps(kube.RunName(f.id)), nil, cm)
	if apiserver.Is(err, http.StatusNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return record.FromObject(cm)
}

// create creates the objects of the run, or those that an interrupted call has not created. As
// in a submission, the ConfigMap with the state is the first one, and marked as complete last.
func (f *firing) create(ctx context.Context, id string, run *record.Run) error {
	cm := &corev1.ConfigMap{}
	err := f.API.Send(ctx, http.MethodGet, f.maps(kube.RunName(id)), nil, cm)
	if apiserver.Is(err, http.StatusNotFound) {
		return f.discard(ctx, run)
	}
	if err != nil {
		return err
	}
	t, err := record.TemplateOf(cm)
	if err != nil {
		return err
	}
	n, job, err := t.Instance(f.id)
	if err != nil {
		return err
	}
	if run == nil {
		if run, err = f.createRun(ctx, n); err != nil {
			return err
		}
	}
	if run.Parts == 0 {
		done, err := f.fill(ctx, t, n, run)
		if err != nil || !done {
			return err
		}
	}
	job.OwnerReferences = []metav1.OwnerReference{record.OwnerOf(run.Name, run.UID)}
	if err := f.send(ctx, f.path("/apis/batch/v1", "jobs"), job); err != nil {
		return err
	}
	f.Log("run %s of %s is submitted", f.id, n.Workflow)
	return nil
}

// send creates an object. One that exists is of the same firing, since its name contains the id
// of the run.
func (f *firing) send(ctx context.Context, path string, obj any) error {
	err := f.API.Send(ctx, http.MethodPost, path, obj, nil)
	if apiserver.IsExisting(err) {
		return nil
	}
	return err
}

func (f *firing) createRun(ctx context.Context, n record.New) (*record.Run, error) {
	cm, err := n.Object()
	if err != nil {
		return nil, err
	}
	made := &corev1.ConfigMap{}
	err = f.API.Send(ctx, http.MethodPost, f.path("/api/v1", "configmaps"), cm, made)
	if apiserver.IsExisting(err) {
		return nil, errChanged // the answer was lost, or an earlier pod of the Job is still there
	}
	if err != nil {
		return nil, err
	}
	return record.FromObject(made)
}

// fill creates what the run owns and marks it as complete. done is false if the run was removed
// again, because its concurrency group rejects it.
func (f *firing) fill(ctx context.Context, t *record.Template, n record.New, run *record.Run) (done bool, err error) {
	own := map[string]any{"metadata": map[string]any{"uid": t.UID,
		"ownerReferences": []metav1.OwnerReference{record.OwnerOf(run.Name, run.UID)}}}
	err = f.patch(ctx, kube.RunName(t.Run.ID), "application/strategic-merge-patch+json", own) // adds it
	if apiserver.Is(err, http.StatusNotFound) || apiserver.Is(err, http.StatusConflict) {
		return false, f.discard(ctx, run)
	}
	if err != nil {
		return false, err
	}
	if n.Policy == record.PolicyReject {
		e, err := driver.Enter(ctx, f.API, run)
		if err != nil {
			return false, err
		}
		if !e.Entered {
			f.Log("another run of the group %q has not ended, and its policy is reject: no run", n.Group)
			return false, f.delete(ctx, run)
		}
	}
	reader, err := f.spec(ctx, t)
	if err != nil {
		return false, err
	}
	parts, err := t.Instances(reader, f.id)
	if err != nil {
		return false, err
	}
	for _, part := range n.PartObjects(parts, run.UID) {
		if err := f.send(ctx, f.path("/api/v1", "configmaps"), part); err != nil {
			return false, err
		}
	}
	if reader.Hosts != "" {
		service := n.HostService(record.RenamedHosts(reader.Hosts, t.Run.ID, f.id), run.UID)
		if err := f.send(ctx, f.path("/api/v1", "services"), service); err != nil {
			return false, err
		}
	}
	return true, f.patch(ctx, run.Name, apiserver.MergePatch, map[string]any{"metadata": map[string]any{"uid": run.UID,
		"annotations": map[string]any{kube.AnnotationParts: strconv.Itoa(len(parts))}}})
}

// spec reads the specification of a template.
func (f *firing) spec(ctx context.Context, t *record.Template) (*record.Reader, error) {
	parts := make([][]byte, t.Parts)
	for i := range parts {
		cm := &corev1.ConfigMap{}
		err := f.API.Send(ctx, http.MethodGet, f.maps(kube.RunPart(t.Run.ID, i)), nil, cm)
		if err != nil {
			return nil, fmt.Errorf("part %d of the template: %w", i, err)
		}
		if parts[i], err = t.PartOf(cm); err != nil {
			return nil, err
		}
	}
	return record.Read(parts)
}

func (f *firing) patch(ctx context.Context, name, kind string, fields map[string]any) error {
	body, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	return f.API.Do(ctx, apiserver.Request{Method: http.MethodPatch, Path: f.maps(name), Type: kind, Body: body}, nil)
}

// discard deletes a run whose template is gone before it was complete, and has the firing begin
// again.
func (f *firing) discard(ctx context.Context, run *record.Run) error {
	if run != nil {
		if run.Parts > 0 { // it needs the template no more
			return nil
		}
		if err := f.delete(ctx, run); err != nil {
			return err
		}
	}
	return errChanged
}

// delete deletes a run with all its objects.
func (f *firing) delete(ctx context.Context, run *record.Run) error {
	background := metav1.DeletePropagationBackground
	err := f.API.Send(ctx, http.MethodDelete, f.maps(run.Name),
		&metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &run.UID}, PropagationPolicy: &background}, nil)
	if apiserver.Is(err, http.StatusNotFound) || apiserver.Is(err, http.StatusConflict) {
		return nil
	}
	return err
}

// runs returns the other runs of the schedule, without their states.
func (f *firing) runs(ctx context.Context) ([]*record.Run, error) {
	query := url.Values{"limit": {"500"}, "labelSelector": {kube.LabelKind + "=" + kube.KindWorkflow + "," +
		kube.LabelSchedule + "=" + f.cronJob.Labels[kube.LabelSchedule]}}
	var out []*record.Run
	for {
		var page metav1.PartialObjectMetadataList
		err := f.API.Do(ctx, apiserver.Request{Method: http.MethodGet, Path: f.path("/api/v1", "configmaps"), Query: query,
			Accept: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"}, &page)
		if err != nil {
			return nil, err
		}
		for i := range page.Items {
			r, err := record.FromMeta(page.Items[i].ObjectMeta)
			if err == nil && r.ID != f.id && r.Schedule == f.cronJob.Annotations[kube.AnnotationSchedule] {
				out = append(out, r)
			}
		}
		if page.Continue == "" {
			return out, nil
		}
		query.Set("continue", page.Continue)
	}
}

// deadline returns when it is too late for the run; zero for never. A Job that a user created
// from the CronJob counts from its creation.
func (f *firing) deadline() time.Time {
	seconds := f.cronJob.Spec.StartingDeadlineSeconds
	if seconds == nil {
		return time.Time{}
	}
	due := f.job.CreationTimestamp.Time
	if at, err := time.Parse(time.RFC3339, f.job.Annotations[batchv1.CronJobScheduledTimestampAnnotation]); err == nil {
		due = at
	}
	return due.Add(time.Duration(*seconds) * time.Second)
}
