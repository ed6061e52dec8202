package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

const (
	submitRounds = 10
	submitRound  = 50 // tasks a round
	workers      = 8  // on both sides
)

// heldTask is a task whose pods are made but never scheduled: its creation is
// to be measured, not 500 containers.
const heldTask = `
run: echo this never runs
config:
  kubernetes:
    pod_config:
      spec:
        schedulingGates: [{name: bench.kubevast.io/held}]
`

// measureSubmit creates 500 tasks through the SDK and 500 equal Jobs with bare
// client-go, in rounds that each begin with an empty namespace. kubectl apply
// takes part for comparison.
func measureSubmit(ctx context.Context, e *env) ([]figure, error) {
	namespace, remove, err := e.namespace(ctx)
	if err != nil {
		return nil, err
	}
	defer remove()
	client, err := e.client(namespace)
	if err != nil {
		return nil, err
	}
	if _, err := client.ServerVersion(ctx); err != nil { // connects, as bareClient has
		return nil, err
	}
	t, err := e.task(heldTask)
	if err != nil {
		return nil, err
	}
	model, err := job(client, t)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "vast-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)

	cleared := func(rate float64, err error) (float64, error) {
		if err != nil {
			return 0, err
		}
		return rate, e.clear(ctx, namespace)
	}
	var apply []float64
	p, err := turns(submitRounds,
		func(int) (float64, error) {
			return cleared(rate(ctx, func(ctx context.Context, _ int) error {
				_, err := client.Tasks().Submit(ctx, t, api.SubmitOptions{})
				return err
			}))
		},
		func(i int) (float64, error) {
			copies := jobCopies(model, namespace, submitRound)
			theirs, err := cleared(rate(ctx, func(ctx context.Context, n int) error {
				_, err := e.kube.BatchV1().Jobs(namespace).Create(ctx, copies[n], metav1.CreateOptions{})
				return err
			}))
			if err != nil {
				return 0, err
			}
			x, err := cleared(applyRate(ctx, e, dir, jobCopies(model, namespace, submitRound)))
			apply = append(apply, x)
			e.progress("submit: round %d of %d", i+1, submitRounds)
			return theirs, err
		})
	if err != nil {
		return nil, err
	}
	beside := pairs{ours: p.ours, theirs: apply}
	return []figure{
		p.figure("create 500 tasks: SDK / bare client-go", atLeast(0.9), perSecond),
		beside.figure("create 500 tasks: SDK / kubectl apply -f", bound{}, perSecond),
	}, nil
}

// jobCopies are Jobs that differ in their names and ids only, ready to be sent:
// the bare side is not charged for making them.
func jobCopies(model *batchv1.Job, namespace string, n int) []*batchv1.Job {
	out := make([]*batchv1.Job, n)
	for i := range out {
		id := kube.NewID()
		out[i] = model.DeepCopy()
		out[i].Name, out[i].Namespace = kube.JobName("bench", id), namespace
		out[i].Labels[kube.LabelTaskID] = id
		out[i].Spec.Template.Labels[kube.LabelTaskID] = id
	}
	return out
}

// rate creates one round of objects and returns how many a second.
func rate(ctx context.Context, create func(context.Context, int) error) (float64, error) {
	began := time.Now()
	if err := each(ctx, submitRound, create); err != nil {
		return 0, err
	}
	return submitRound / time.Since(began).Seconds(), nil
}

// each calls do for 0 to n-1, as many at once as there are workers.
func each(ctx context.Context, n int, do func(context.Context, int) error) error {
	return eachBy(ctx, workers, n, do)
}

// eachBy calls do for 0 to n-1, so many at once, and stops at the first error.
func eachBy(ctx context.Context, workers, n int, do func(context.Context, int) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	next, errs := make(chan int), make(chan error)
	go func() {
		defer close(next)
		for i := range n {
			select {
			case next <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	for range workers {
		go func() {
			var err error
			for i := range next {
				if err = do(ctx, i); err != nil {
					cancel()
					break
				}
			}
			errs <- err
		}()
	}
	var first error
	for range workers {
		if err := <-errs; first == nil {
			first = err
		}
	}
	if first == nil {
		first = ctx.Err()
	}
	return first
}

// applyRate is the same with kubectl, from a file.
func applyRate(ctx context.Context, e *env, dir string, jobs []*batchv1.Job) (float64, error) {
	list := metav1.List{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "List"}}
	for _, j := range jobs {
		list.Items = append(list.Items, runtime.RawExtension{Object: j})
	}
	data, err := json.Marshal(list)
	if err != nil {
		return 0, err
	}
	path, err := file(dir, "jobs.json", data)
	if err != nil {
		return 0, err
	}
	p, err := run(ctx, io.Discard, e.kubectl, "--kubeconfig", e.kubeconfig, "apply", "-f", path)
	return float64(len(jobs)) / p.took.Seconds(), err
}
