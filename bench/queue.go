package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/pager"
	"k8s.io/utils/ptr"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"
	kueueclient "sigs.k8s.io/kueue/client-go/clientset/versioned"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

const queuePairs = 7

// measureQueue lists 2,000 tasks that wait in a real queue, and holds that
// against the same Workloads, fetched page by page with Kueue's own client.
func measureQueue(ctx context.Context, e *env) ([]figure, error) {
	client, err := bareKueue(e.config)
	if err != nil {
		return nil, err
	}
	namespace, remove, err := e.namespace(ctx)
	if err != nil {
		return nil, err
	}
	drop, err := makeQueue(ctx, client, namespace)
	defer drop()
	defer remove() // before the queue, which has to let go of what waits
	if err != nil {
		return nil, err
	}
	if err := e.fillQueue(ctx, client, namespace); err != nil {
		return nil, err
	}

	var peaks pairs
	command := func(peak *[]float64, argv ...string) func(int) (float64, error) {
		return func(int) (float64, error) {
			var out bytes.Buffer
			p, err := run(ctx, &out, argv...)
			if n := bytes.Count(out.Bytes(), []byte("\n")); err == nil && n < listTasks {
				err = fmt.Errorf("%s printed %d lines", argv[0], n)
			}
			*peak = append(*peak, float64(p.peak))
			return p.took.Seconds(), err
		}
	}
	ours := command(&peaks.ours, e.vast, "--kubeconfig", e.kubeconfig, "-n", namespace, "queue", "list", "--all-users")
	theirs := command(&peaks.theirs, e.self, "rawqueue", e.kubeconfig, namespace)
	// The first run of each reads its program from the disk.
	if _, err := turns(1, ours, theirs); err != nil {
		return nil, err
	}
	processes, err := turns(queuePairs, ours, theirs)
	if err != nil {
		return nil, err
	}
	ourClient, err := e.client(namespace)
	if err != nil {
		return nil, err
	}
	inside, err := turns(queuePairs,
		func(int) (float64, error) {
			began := time.Now()
			list, err := ourClient.Queues().Pending(ctx, api.QueuePendingOptions{AllUsers: true})
			if err == nil && (len(list.Items) != listTasks || list.Items[listTasks-1].Position != listTasks) {
				err = fmt.Errorf("the SDK listed %d tasks that wait, the last at %d", len(list.Items), list.Items[len(list.Items)-1].Position)
			}
			return time.Since(began).Seconds(), err
		},
		func(int) (float64, error) {
			began := time.Now()
			err := rawQueue(ctx, client, namespace, io.Discard)
			return time.Since(began).Seconds(), err
		})
	if err != nil {
		return nil, err
	}
	return []figure{
		processes.figure("list 2,000 queued tasks: kubectl vast queue list / raw paged list, as processes", atMost(1.3), seconds),
		peaks.figure("  peak memory of these", bound{}, mebibytes),
		inside.figure("list 2,000 queued tasks: SDK / raw paged list, in one process", atMost(1.3), seconds),
	}, nil
}

// bareKueue is Kueue's client as fast as it gets: without its rate limit.
func bareKueue(cfg *rest.Config) (*kueueclient.Clientset, error) {
	cfg = rest.CopyConfig(cfg)
	cfg.ContentType, cfg.AcceptContentTypes = runtime.ContentTypeJSON, runtime.ContentTypeJSON
	return kueueclient.NewForConfig(cfg)
}

// makeQueue gives a namespace a queue with too little quota for any task. What
// is returned removes what does not go with the namespace.
func makeQueue(ctx context.Context, client *kueueclient.Clientset, namespace string) (drop func(), err error) {
	set, meta := client.KueueV1beta2(), metav1.ObjectMeta{Name: namespace}
	drop = func() {
		ctx := context.WithoutCancel(ctx)
		_ = set.ClusterQueues().Delete(ctx, namespace, metav1.DeleteOptions{})
		_ = set.ResourceFlavors().Delete(ctx, namespace, metav1.DeleteOptions{})
	}
	if _, err = set.ResourceFlavors().Create(ctx, &kueue.ResourceFlavor{ObjectMeta: meta}, metav1.CreateOptions{}); err != nil {
		return drop, err
	}
	little := []kueue.ResourceQuota{{Name: corev1.ResourceCPU, NominalQuota: resource.MustParse("1m")},
		{Name: corev1.ResourceMemory, NominalQuota: resource.MustParse("1Ki")}}
	_, err = set.ClusterQueues().Create(ctx, &kueue.ClusterQueue{ObjectMeta: meta, Spec: kueue.ClusterQueueSpec{
		NamespaceSelector: &metav1.LabelSelector{},
		ResourceGroups: []kueue.ResourceGroup{{
			CoveredResources: []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory},
			Flavors:          []kueue.FlavorQuotas{{Name: kueue.ResourceFlavorReference(namespace), Resources: little}},
		}},
	}}, metav1.CreateOptions{})
	if err != nil {
		return drop, err
	}
	_, err = set.LocalQueues(namespace).Create(ctx, &kueue.LocalQueue{
		ObjectMeta: metav1.ObjectMeta{Name: kube.LocalQueueName, Namespace: namespace},
		Spec:       kueue.LocalQueueSpec{ClusterQueue: kueue.ClusterQueueReference(namespace)},
	}, metav1.CreateOptions{})
	return drop, err
}

// fillQueue creates 2,000 tasks and waits until Kueue has looked at all.
func (e *env) fillQueue(ctx context.Context, client *kueueclient.Clientset, namespace string) error {
	ours, err := e.client(namespace)
	if err != nil {
		return err
	}
	t, err := e.task("run: echo this never runs\n")
	if err != nil {
		return err
	}
	model, err := job(ours, t)
	if err != nil {
		return err
	}
	model.Spec.Suspend = ptr.To(true)
	model.Labels[kube.LabelQueue] = kube.LocalQueueName
	model.Spec.Template.Spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}
	model.Spec.Template.Spec.Containers[0].Resources.Limits = nil
	jobs := jobCopies(model, namespace, listTasks)
	create := func(ctx context.Context, job *batchv1.Job) error {
		_, err := e.kube.BatchV1().Jobs(namespace).Create(ctx, job, metav1.CreateOptions{})
		return err
	}
	if err := each(ctx, listTasks, func(ctx context.Context, i int) error { return create(ctx, jobs[i]) }); err != nil {
		return err
	}
	e.progress("queue: %d tasks are there, Kueue takes them in", listTasks)
	// In steps, since Kueue limits itself to some dozens a second.
	const steps = 8
	for step := 1; step <= steps; step++ {
		err := waitFor(ctx, "Kueue", func(ctx context.Context) (bool, error) {
			q, err := client.KueueV1beta2().LocalQueues(namespace).Get(ctx, kube.LocalQueueName, metav1.GetOptions{})
			return err == nil && int(q.Status.PendingWorkloads) >= listTasks*step/steps, err
		})
		if err != nil {
			return err
		}
	}
	e.progress("queue: %d tasks wait", listTasks)
	return nil
}

// rawQueue fetches Workloads page by page and prints their names.
func rawQueue(ctx context.Context, client *kueueclient.Clientset, namespace string, w io.Writer) error {
	p := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return client.KueueV1beta2().Workloads(namespace).List(ctx, o)
	})
	p.PageSize = pageSize
	return p.EachListItem(ctx, metav1.ListOptions{}, func(o runtime.Object) error {
		_, err := fmt.Fprintln(w, o.(*kueue.Workload).Name)
		return err
	})
}
