package driver

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/internal/kube"
)

const (
	// maxDeaths is how many deaths of its pods a driver's Job has. Kubernetes starts the next
	// pod of a Job after 10 s, then after 20 s, 40 s and so on up to 10 minutes, and restarts a
	// container after similar delays.
	maxDeaths = 2
	// maxJobs is how many Jobs a run's driver has at most. The last one keeps the growing
	// delays of Kubernetes: these drivers do not die by chance.
	maxJobs = 50
)

// Relieve has a new Job drive a run if the pods of the present one have died so often that
// Kubernetes would start the next one only after more than 20 s. It reports whether the caller,
// the driver in the pod, has to end successfully, and with it the present Job. The name of the
// new Job follows from the present one, so that there is one whatever dies meanwhile.
func Relieve(ctx context.Context, api *apiserver.Client, namespace, podName string) (bool, error) {
	c := &cluster{api: api, namespace: namespace}
	pod, err := c.pod(ctx, podName)
	if err != nil {
		return false, err
	}
	owner := metav1.GetControllerOf(pod)
	if owner == nil || owner.Kind != "Job" { // it was started by hand
		return false, nil
	}
	job, err := c.job(ctx, owner.Name)
	if err != nil {
		return false, err
	}
	deaths := int(job.Status.Failed)
	for _, s := range pod.Status.ContainerStatuses {
		deaths += int(s.RestartCount)
	}
	next, ok := nextJob(job)
	if deaths < maxDeaths || !ok {
		return false, nil
	}
	return true, c.create(ctx, c.jobs(), next)
}

// nextJob returns the Job that follows a driver's Job, without a pod that has died. ok is false
// if there is none after it.
func nextJob(job *batchv1.Job) (next *batchv1.Job, ok bool) {
	base, number := kube.RunDriver(job.Labels[kube.LabelWorkflow]), 1
	if rest, is := strings.CutPrefix(job.Name, base+"-"); is {
		n, err := strconv.Atoi(rest)
		if err != nil {
			return nil, false
		}
		number = n
	} else if job.Name != base {
		return nil, false
	}
	if number >= maxJobs {
		return nil, false
	}
	next = &batchv1.Job{
		TypeMeta: metav1.TypeMeta{APIVersion: "batch/v1", Kind: "Job"},
		ObjectMeta: metav1.ObjectMeta{Name: base + "-" + strconv.Itoa(number+1), Namespace: job.Namespace, Labels: job.Labels,
			Annotations: map[string]string{}, OwnerReferences: job.OwnerReferences},
		Spec: *job.Spec.DeepCopy(),
	}
	for name, value := range job.Annotations {
		if strings.HasPrefix(name, kube.Prefix) {
			next.Annotations[name] = value
		}
	}
	next.Spec.Selector, next.Spec.ManualSelector = nil, nil
	for name := range job.Spec.Template.Labels {
		if !strings.HasPrefix(name, kube.Prefix) { // Kubernetes' own, which contain the UID of the Job
			delete(next.Spec.Template.Labels, name)
		}
	}
	return next, true
}

// newestDriver returns the newest Job that drives a run, nil for none.
func (c *cluster) newestDriver(ctx context.Context, run string) (*batchv1.Job, error) {
	var list batchv1.JobList
	err := c.api.Do(ctx, apiserver.Request{Method: http.MethodGet, Path: c.jobs(),
		Query: url.Values{"labelSelector": {kube.LabelKind + "=" + kube.KindDriver + "," + kube.LabelWorkflow + "=" + run}}}, &list)
	var newest *batchv1.Job
	for i := range list.Items {
		if job := &list.Items[i]; newest == nil || newest.CreationTimestamp.Before(&job.CreationTimestamp) {
			newest = job
		}
	}
	return newest, err
}
