package driver

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow/record"
)

// cluster is what a driver asks of the API server. The account of the agent's driver has
// the rights for these requests and no others; see desired.Driver.
type cluster struct {
	api       *apiserver.Client
	namespace string
}

func (c *cluster) core(resource string) string {
	return "/api/v1/namespaces/" + c.namespace + "/" + resource
}

func (c *cluster) jobs() string { return "/apis/batch/v1/namespaces/" + c.namespace + "/jobs" }

// onlyMeta has the API server return the metadata of an object alone.
const onlyMeta = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"

// onlyMetaList is onlyMeta of a list.
const onlyMetaList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

// run reads the state of a run.
func (c *cluster) run(ctx context.Context, id string) (*record.Run, error) {
	cm := &corev1.ConfigMap{}
	if err := c.api.Send(ctx, http.MethodGet, c.core("configmaps/"+kube.RunName(id)), nil, cm); err != nil {
		return nil, err
	}
	return record.FromObject(cm)
}

// spec reads the specification of a run.
func (c *cluster) spec(ctx context.Context, run *record.Run) (*record.Reader, error) {
	parts, err := c.parts(ctx, run)
	if err != nil {
		return nil, err
	}
	return record.Read(parts)
}

// parts reads those of the specification of a run, one after the other.
func (c *cluster) parts(ctx context.Context, run *record.Run) ([][]byte, error) {
	parts := make([][]byte, run.Parts)
	for i := range parts {
		cm := &corev1.ConfigMap{}
		if err := c.api.Send(ctx, http.MethodGet, c.core("configmaps/"+kube.RunPart(run.ID, i)), nil, cm); err != nil {
			return nil, fmt.Errorf("part %d of the specification: %w", i, err)
		}
		var err error
		if parts[i], err = run.PartOf(cm); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// patchRun changes the ConfigMap of a run, and returns its metadata.
func (c *cluster) patchRun(ctx context.Context, run *record.Run, fields map[string]any) (*metav1.ObjectMeta, error) {
	body, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	var out metav1.PartialObjectMetadata
	err = c.api.Do(ctx, apiserver.Request{Method: http.MethodPatch, Path: c.core("configmaps/" + run.Name), Type: apiserver.MergePatch,
		Body: body, Accept: onlyMeta}, &out)
	return &out.ObjectMeta, err
}

func (c *cluster) job(ctx context.Context, name string) (*batchv1.Job, error) {
	job := &batchv1.Job{}
	return job, c.api.Send(ctx, http.MethodGet, c.jobs()+"/"+name, nil, job)
}

func (c *cluster) createJob(ctx context.Context, job *batchv1.Job) (*batchv1.Job, error) {
	out := &batchv1.Job{}
	return out, c.api.Send(ctx, http.MethodPost, c.jobs(), job, out)
}

// patch changes an object by a merge patch, and reads it into out.
func (c *cluster) patch(ctx context.Context, path string, fields map[string]any, out any) error {
	body, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	return c.api.Do(ctx, apiserver.Request{Method: http.MethodPatch, Path: path, Type: apiserver.MergePatch, Body: body}, out)
}

func (c *cluster) patchJob(ctx context.Context, name string, patch []byte) (*batchv1.Job, error) {
	out := &batchv1.Job{}
	return out, c.api.Do(ctx, apiserver.Request{Method: http.MethodPatch, Path: c.jobs() + "/" + name, Type: apiserver.MergePatch, Body: patch}, out)
}

// create creates an object that is not a Job. One that exists stays.
func (c *cluster) create(ctx context.Context, path string, obj any) error {
	err := c.api.Send(ctx, http.MethodPost, path, obj, nil)
	if apiserver.IsExisting(err) {
		return nil
	}
	return err
}

// pod reads a pod.
func (c *cluster) pod(ctx context.Context, name string) (*corev1.Pod, error) {
	pod := &corev1.Pod{}
	return pod, c.api.Send(ctx, http.MethodGet, c.core("pods/"+name), nil, pod)
}

// podsOf lists the pods of a Job.
func (c *cluster) podsOf(ctx context.Context, job string) ([]corev1.Pod, error) {
	var list corev1.PodList
	err := c.api.Do(ctx, apiserver.Request{Method: http.MethodGet, Path: c.core("pods"),
		Query: url.Values{"labelSelector": {batchv1.JobNameLabel + "=" + job}}}, &list)
	return list.Items, err
}
