package schedule

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/record"
)

// turn waits until the concurrency policy admits the run. It returns false if it never will.
func (f *firing) turn(ctx context.Context) (bool, error) {
	policy := f.cronJob.Spec.ConcurrencyPolicy
	if policy != batchv1.ForbidConcurrent && policy != batchv1.ReplaceConcurrent {
		return true, nil
	}
	waits := false
	for {
		runs, err := f.runs(ctx)
		if err != nil {
			return false, err
		}
		runs = slices.DeleteFunc(runs, func(r *record.Run) bool { return ended(r) || abandoned(r, f.API.Now()) })
		if len(runs) == 0 {
			return true, nil
		}
		if policy == batchv1.ReplaceConcurrent {
			if err := f.stop(ctx, runs); err != nil {
				return false, err
			}
		}
		if at := f.deadline(); !at.IsZero() && f.API.Now().After(at) {
			f.skip(ctx, runs[0])
			return false, nil
		}
		if !waits {
			f.Log("run %s has not ended, and the concurrency policy is %s; waiting", runs[0].ID, policy)
			waits = true
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(lookEvery):
		}
	}
}

// ended reports whether a run never changes again.
func ended(r *record.Run) bool {
	var p workflow.Phase
	return p.UnmarshalText([]byte(r.Object.Labels[kube.LabelPhase])) == nil && p.Final() || r.Object.DeletionTimestamp != nil
}

// submissionTime is how long a run whose submission is not complete counts.
const submissionTime = 10 * time.Minute

// abandoned reports whether the Job that made a run was deleted before the run was complete.
func abandoned(r *record.Run, now time.Time) bool {
	return r.Parts == 0 && now.Sub(r.Object.CreationTimestamp.Time) > submissionTime
}

// stop stops runs that are not being stopped.
func (f *firing) stop(ctx context.Context, runs []*record.Run) error {
	for _, r := range runs {
		if r.StopBy != "" || r.Parts == 0 {
			continue
		}
		f.Log("stopping run %s: the concurrency policy is Replace", r.ID)
		err := f.patch(ctx, r.Name, apiserver.MergePatch, map[string]any{"metadata": map[string]any{"uid": r.UID,
			"annotations": map[string]any{kube.AnnotationStop: "run " + f.id}}})
		if err != nil && !apiserver.Is(err, http.StatusNotFound) && !apiserver.Is(err, http.StatusConflict) {
			return err
		}
	}
	return nil
}

// skip records that there is no run, because the one before has not ended in time.
func (f *firing) skip(ctx context.Context, before *record.Run) {
	message := "run " + before.ID + " has not ended within startingDeadlineSeconds: no run"
	f.Log("%s", message)
	now := metav1.NewTime(f.API.Now())
	event := &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{GenerateName: f.CronJob + ".", Namespace: f.Namespace},
		InvolvedObject: corev1.ObjectReference{APIVersion: "batch/v1", Kind: "CronJob", Name: f.CronJob, Namespace: f.Namespace,
			UID: f.cronJob.UID},
		Type: corev1.EventTypeWarning, Reason: "RunSkipped", Message: message,
		FirstTimestamp: now, LastTimestamp: now, Count: 1, Source: corev1.EventSource{Component: kube.ManagedBy},
	}
	if err := f.API.Send(ctx, http.MethodPost, f.path("/api/v1", "events"), event, nil); err != nil {
		f.Log("the Event: %v", err)
	}
}

// prune deletes the oldest runs of the schedule that have ended, of which more are there than
// the schedule keeps.
func (f *firing) prune(ctx context.Context) error {
	runs, err := f.runs(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(runs, func(a, b *record.Run) int { // newest first
		return cmp.Or(b.Object.CreationTimestamp.Compare(a.Object.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	keep := map[bool]int{
		true:  number(f.cronJob.Annotations[kube.AnnotationKeepSucceeded]),
		false: number(f.cronJob.Annotations[kube.AnnotationKeepOthers]),
	}
	for _, r := range runs {
		if !ended(r) || r.Object.DeletionTimestamp != nil {
			continue
		}
		succeeded := r.Object.Labels[kube.LabelResult] == workflow.ResultSuccess.String()
		if keep[succeeded]--; keep[succeeded] >= 0 {
			continue
		}
		f.Log("deleting run %s: the schedule keeps newer ones", r.ID)
		if err := f.delete(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// number reads a limit. One that is missing or was changed by hand limits nothing.
func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return int(^uint(0) >> 1)
	}
	return n
}
