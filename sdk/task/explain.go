package task

import (
	"context"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/kubevast/vast/sdk/api"
)

// namesAtOnce is how many Jobs one request names; 64 characters each.
const namesAtOnce = 100

// wantsPods reports whether only the pods can tell why a task is as it is.
func wantsPods(s *api.TaskStatus, job *batchv1.Job) bool {
	return s.State == api.Failed && s.Reason == "" || s.State == api.Pending && job.Status.Active > 0
}

// explain fills in what the pods of the unwell tasks tell. Most are explained
// by those pods that neither run nor have succeeded. Of what is left all pods
// are looked at: on a machine that does not answer they pass for running.
func (c *Client) explain(ctx context.Context, namespace, sel string, tasks []api.TaskStatus, unwell []int, jobs map[string]*batchv1.Job) error {
	notWell := fields.AndSelectors(
		fields.OneTermNotEqualSelector("status.phase", string(corev1.PodRunning)),
		fields.OneTermNotEqualSelector("status.phase", string(corev1.PodSucceeded))).String()
	unclear, err := c.explainBy(ctx, namespace, metav1.ListOptions{LabelSelector: sel, FieldSelector: notWell}, tasks, unwell, jobs)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(unclear, namesAtOnce) {
		names := make([]string, len(some))
		for n, i := range some {
			names[n] = tasks[i].Name
		}
		o := metav1.ListOptions{LabelSelector: batchv1.JobNameLabel + " in (" + strings.Join(names, ",") + ")"}
		if _, err := c.explainBy(ctx, namespace, o, tasks, some, jobs); err != nil {
			return err
		}
	}
	return nil
}

// explainBy explains tasks by the pods that o selects, and returns those that
// other pods may explain better: of a task whose pods were deleted one may be
// on a lost machine.
func (c *Client) explainBy(ctx context.Context, namespace string, o metav1.ListOptions, tasks []api.TaskStatus, unwell []int, jobs map[string]*batchv1.Job) (unclear []int, err error) {
	pods := map[string][]corev1.Pod{}
	err = c.eachPod(ctx, namespace, o, func(pod *corev1.Pod) {
		if owner := metav1.GetControllerOf(pod); owner != nil && jobs[string(owner.UID)] != nil {
			pods[string(owner.UID)] = append(pods[string(owner.UID)], *pod)
		}
	})
	if err != nil {
		return nil, err
	}
	for _, i := range unwell {
		uid := string(tasks[i].UID)
		if len(pods[uid]) > 0 {
			told := build(jobs[uid], pods[uid], nil)
			tasks[i].State, tasks[i].Reason, tasks[i].Diagnosis = told.State, told.Reason, told.Diagnosis
			if d := told.Diagnosis; d != nil && d.Cause != api.CauseDeleted {
				continue
			}
		}
		unclear = append(unclear, i)
	}
	return unclear, nil
}
