package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

const (
	chainRounds = 3
	chainTasks  = 20
	manyRounds  = 2
	manyTasks   = 200
)

// measureWorkflow executes workflows whose tasks do nothing, and the same Jobs without a
// workflow: a chain, of which each Job is created when the one before has ended, and
// independent ones. Time counts from the submission to the end of the last Job, the start of
// the driver's pod included. Neither side has containers of ours: the namespace has no store. The
// Jobs have no CPU limit, which would slow the start of their containers down.
func measureWorkflow(ctx context.Context, e *env) ([]figure, error) {
	namespace, remove, err := e.namespace(ctx)
	if err != nil {
		return nil, err
	}
	defer remove()
	if _, err := run(ctx, os.Stderr, e.vast, "cluster", "setup", "kind", "--no-store", "--kubeconfig", e.kubeconfig, "-n", namespace); err != nil {
		return nil, err
	}
	client, err := e.client(namespace)
	if err != nil {
		return nil, err
	}
	chain, err := e.flow("chain", chainTasks, true)
	if err != nil {
		return nil, err
	}
	many, err := e.flow("many", manyTasks, false)
	if err != nil {
		return nil, err
	}
	var models []batchv1.Job
	chained, err := turns(chainRounds,
		func(int) (took float64, err error) {
			took, models, err = e.flows(ctx, client, namespace, chain)
			return took, err
		},
		func(i int) (float64, error) {
			if models == nil {
				if _, models, err = e.flows(ctx, client, namespace, chain); err != nil {
					return 0, err
				}
			}
			began := time.Now()
			for n := range models {
				if err := e.jobEnds(ctx, bare(&models[n])); err != nil {
					return 0, err
				}
			}
			took := time.Since(began).Seconds()
			e.progress("workflow: round %d of %d of the chain: by hand %.1f s", i+1, chainRounds, took)
			return took, e.clear(ctx, namespace)
		})
	if err != nil {
		return nil, err
	}
	models = nil
	rates, err := turns(manyRounds,
		func(int) (took float64, err error) {
			took, models, err = e.flows(ctx, client, namespace, many)
			return manyTasks / took, err
		},
		func(i int) (float64, error) {
			if models == nil {
				if _, models, err = e.flows(ctx, client, namespace, many); err != nil {
					return 0, err
				}
			}
			began := time.Now()
			watch, err := e.kube.BatchV1().Jobs(namespace).Watch(ctx, metav1.ListOptions{})
			if err != nil {
				return 0, err
			}
			defer watch.Stop()
			err = eachBy(ctx, workers, len(models), func(ctx context.Context, n int) error {
				_, err := e.kube.BatchV1().Jobs(namespace).Create(ctx, bare(&models[n]), metav1.CreateOptions{})
				return err
			})
			if err != nil {
				return 0, err
			}
			ended := map[string]bool{}
			for event := range watch.ResultChan() {
				if job, ok := event.Object.(*batchv1.Job); ok && isComplete(job) {
					if ended[job.Name] = true; len(ended) == len(models) {
						break
					}
				}
			}
			if len(ended) < len(models) {
				return 0, errors.New("the watch was closed before the Jobs had ended")
			}
			took := time.Since(began).Seconds()
			e.progress("workflow: round %d of %d of independent tasks: by hand %.1f s", i+1, manyRounds, took)
			return manyTasks / took, e.clear(ctx, namespace)
		})
	if err != nil {
		return nil, err
	}
	return []figure{
		chained.figure(fmt.Sprintf("a chain of %d tasks: workflow / the same Jobs by hand", chainTasks), atMost(1.15), seconds),
		rates.figure(fmt.Sprintf("%d independent tasks: workflow / the same Jobs by bare client-go", manyTasks), atLeast(0.9), perSecond),
	}, nil
}

// flow is a workflow of tasks that do nothing.
func (e *env) flow(name string, tasks int, chain bool) (*spec.Workflow, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "kind: Workflow\nname: %s\ntasks:\n", name)
	for i := range tasks {
		fmt.Fprintf(&b, "  t%d:\n    resources: {cpus: 0.01+, memory: 16Mi+, image_id: 'docker:%s'}\n    run: \"true\"\n", i, e.image)
		if chain && i > 0 {
			fmt.Fprintf(&b, "    depends: [t%d]\n", i-1)
		}
	}
	return spec.ParseWorkflow(name+".yaml", []byte(b.String()), spec.Inputs{})
}

// flows runs a workflow to its end, and returns how long that took and its Jobs, in the order of
// the tasks. All that it has made is removed.
func (e *env) flows(ctx context.Context, client *sdk.Client, namespace string, w *spec.Workflow) (took float64, jobs []batchv1.Job, err error) {
	began := time.Now()
	r, err := client.Workflows().Submit(ctx, w, api.SubmitOptions{Queue: "none"})
	if err != nil {
		return 0, nil, err
	}
	last, err := e.flowEnds(ctx, namespace, r.ID)
	if err != nil {
		return 0, nil, err
	}
	took = last.Sub(began).Seconds()
	e.progress("workflow: %s %.1f s", w.Name, took)
	if r, err = client.Workflows().Get(ctx, r.ID); err != nil {
		return 0, nil, err
	}
	if r.Succeeded != len(w.Tasks) {
		return 0, nil, fmt.Errorf("%d of %d tasks have succeeded", r.Succeeded, len(w.Tasks))
	}
	for _, t := range r.Tasks {
		job, err := e.kube.BatchV1().Jobs(namespace).Get(ctx, t.Job, metav1.GetOptions{})
		if err != nil {
			return 0, nil, err
		}
		jobs = append(jobs, *job)
	}
	if _, err := client.Workflows().Delete(ctx, r.ID, api.TaskDeleteOptions{Wait: true}); err != nil {
		return 0, nil, err
	}
	return took, jobs, e.clear(ctx, namespace)
}

// flowEnds returns when a run was seen to have ended.
func (e *env) flowEnds(ctx context.Context, namespace, id string) (time.Time, error) {
	watch, err := e.kube.CoreV1().ConfigMaps(namespace).Watch(ctx, metav1.ListOptions{LabelSelector: kube.LabelWorkflow + "=" + id + "," + kube.LabelKind + "=" + kube.KindWorkflow})
	if err != nil {
		return time.Time{}, err
	}
	defer watch.Stop()
	for event := range watch.ResultChan() {
		if cm, ok := event.Object.(*corev1.ConfigMap); ok && cm.Labels[kube.LabelPhase] == "finished" {
			return time.Now(), nil
		}
	}
	return time.Time{}, errors.New("the watch was closed before the run had ended")
}

// bare returns a copy of a Job without an owner, under another name.
func bare(model *batchv1.Job) *batchv1.Job {
	job := model.DeepCopy()
	job.ObjectMeta = metav1.ObjectMeta{Namespace: model.Namespace, Name: kube.JobName("bare", kube.NewID())}
	job.Status = batchv1.JobStatus{}
	job.Spec.Selector = nil
	for _, label := range []string{"controller-uid", "job-name", batchv1.ControllerUidLabel, batchv1.JobNameLabel} {
		delete(job.Spec.Template.Labels, label)
	}
	return job
}

// jobEnds creates a Job and waits until it has ended.
func (e *env) jobEnds(ctx context.Context, job *batchv1.Job) error {
	jobs := e.kube.BatchV1().Jobs(job.Namespace)
	made, err := jobs.Create(ctx, job, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	watch, err := jobs.Watch(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + job.Name, ResourceVersion: made.ResourceVersion})
	if err != nil {
		return err
	}
	defer watch.Stop()
	for event := range watch.ResultChan() {
		if now, ok := event.Object.(*batchv1.Job); ok && isComplete(now) {
			return nil
		}
	}
	return errors.New("the watch was closed before the Job had ended")
}

func isComplete(job *batchv1.Job) bool {
	for _, c := range job.Status.Conditions {
		if c.Type == batchv1.JobComplete && c.Status == corev1.ConditionTrue {
			return true
		}
	}
	return false
}
