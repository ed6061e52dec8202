package main

import (
	"cmp"
	"context"
	"os"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

const (
	campaignRounds  = 3
	campaignWorkers = 32 // as many as a submission has
)

// measureCampaign submits the 945 runs of a campaign through the SDK, record
// and inputs included, and creates equal Jobs with bare client-go. They wait in
// a queue that lets nothing in: their creation is to be measured, not their
// containers. Kueue takes note of each, on both sides.
func measureCampaign(ctx context.Context, e *env) ([]figure, error) {
	namespace, remove, err := e.namespace(ctx)
	if err != nil {
		return nil, err
	}
	defer remove()
	if _, err := run(ctx, os.Stderr, e.vast, "cluster", "setup", "kind", "--kubeconfig", e.kubeconfig, "-n", namespace); err != nil {
		return nil, err
	}
	if _, err := run(ctx, os.Stderr, e.vast, "queue", "hold", kube.LocalQueueName, "--kubeconfig", e.kubeconfig, "-n", namespace); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "vast-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file, err := campaignBeside(dir)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	c, err := spec.ParseCampaign(file, data, spec.Inputs{})
	if err != nil {
		return nil, err
	}
	configs, err := variation.Expand(ctx, c, variation.Default())
	if err != nil {
		return nil, err
	}
	client, err := e.client(namespace)
	if err != nil {
		return nil, err
	}
	// No machine here has what the file asks for: it waits for ever.
	options := api.CampaignOptions{Force: true}
	rendered, err := client.Campaigns().Render(ctx, c, configs, options)
	if err != nil {
		return nil, err
	}
	var models []*batchv1.Job
	for job, err := range rendered.Jobs {
		if err != nil {
			return nil, err
		}
		models = append(models, job)
	}
	p, err := turns(campaignRounds,
		func(int) (float64, error) {
			began := time.Now()
			if _, err := client.Campaigns().Run(ctx, c, configs, options); err != nil {
				return 0, err
			}
			rate := float64(len(models)) / time.Since(began).Seconds()
			return rate, e.clearJobs(ctx, namespace)
		},
		func(i int) (float64, error) {
			jobs := queued(models, namespace)
			began := time.Now()
			err := eachBy(ctx, campaignWorkers, len(jobs), func(ctx context.Context, n int) error {
				_, err := e.kube.BatchV1().Jobs(namespace).Create(ctx, jobs[n], metav1.CreateOptions{})
				return err
			})
			if err != nil {
				return 0, err
			}
			rate := float64(len(jobs)) / time.Since(began).Seconds()
			e.progress("campaign: round %d of %d", i+1, campaignRounds)
			return rate, e.clearJobs(ctx, namespace)
		})
	if err != nil {
		return nil, err
	}
	return []figure{p.figure("submit 945 runs: SDK / the same Jobs by bare client-go", atLeast(0.9), perSecond)}, nil
}

// clearJobs removes all Jobs of a namespace, which have no pods, and waits until
// Kueue has removed what it noted of them: the next side must not pay for that.
func (e *env) clearJobs(ctx context.Context, namespace string) error {
	client, err := bareKueue(e.config)
	if err != nil {
		return err
	}
	background := metav1.DeletePropagationBackground
	for err == nil {
		// So many may take longer than one request may; the next goes on.
		_ = e.kube.BatchV1().Jobs(namespace).DeleteCollection(ctx, metav1.DeleteOptions{PropagationPolicy: &background}, metav1.ListOptions{})
		one := metav1.ListOptions{Limit: 1}
		jobs, jobsErr := e.kube.BatchV1().Jobs(namespace).List(ctx, one)
		workloads, workloadsErr := client.KueueV1beta2().Workloads(namespace).List(ctx, one)
		if err = cmp.Or(jobsErr, workloadsErr); err == nil && len(jobs.Items)+len(workloads.Items) == 0 {
			return nil
		}
		err = cmp.Or(err, sleep(ctx, time.Second))
	}
	return err
}

// queued are copies of Jobs as a submission makes them, under other names.
func queued(models []*batchv1.Job, namespace string) []*batchv1.Job {
	suspended := true
	out := make([]*batchv1.Job, len(models))
	for i, model := range models {
		job := model.DeepCopy()
		job.Name, job.Namespace, job.UID = kube.JobName("bench", kube.NewID()), namespace, types.UID("")
		job.Labels[kube.LabelQueue] = kube.LocalQueueName
		job.Spec.Suspend = &suspended
		out[i] = job
	}
	return out
}
