package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/pager"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

const (
	listTasks = 2000
	listPairs = 7
	pageSize  = 500
)

// measureList lists 2,000 tasks and holds that against the same Jobs, fetched
// page by page with bare client-go. Each side is a fresh process, as a command
// is; within one process it is measured once more.
func measureList(ctx context.Context, e *env) ([]figure, error) {
	namespace, remove, err := e.namespace(ctx)
	if err != nil {
		return nil, err
	}
	defer remove()
	client, err := e.client(namespace)
	if err != nil {
		return nil, err
	}
	t, err := e.task("run: echo this never runs\n")
	if err != nil {
		return nil, err
	}
	model, err := job(client, t)
	if err != nil {
		return nil, err
	}
	// A Job that is suspended, and that no controller cares for, costs the
	// cluster nothing more, and a list as much as any.
	model.Spec.Suspend, model.Spec.ManagedBy = ptr.To(true), ptr.To("kubevast.io/bench")
	jobs := jobCopies(model, namespace, listTasks)
	err = each(ctx, listTasks, func(ctx context.Context, i int) error {
		_, err := e.kube.BatchV1().Jobs(namespace).Create(ctx, jobs[i], metav1.CreateOptions{})
		return err
	})
	if err != nil {
		return nil, err
	}
	e.progress("list: %d tasks are there", listTasks)

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
	ours := command(&peaks.ours, e.vast, "--kubeconfig", e.kubeconfig, "-n", namespace, "list", "--all-users")
	theirs := command(&peaks.theirs, e.self, "rawlist", e.kubeconfig, namespace)
	// The first run of each reads its program from the disk.
	if _, err := turns(1, ours, theirs); err != nil {
		return nil, err
	}
	processes, err := turns(listPairs, ours, theirs)
	if err != nil {
		return nil, err
	}
	inside, err := turns(listPairs,
		func(int) (float64, error) {
			began := time.Now()
			list, err := client.Tasks().List(ctx, api.TaskListOptions{AllUsers: true})
			if err == nil && len(list.Items) != listTasks {
				err = fmt.Errorf("the SDK listed %d tasks", len(list.Items))
			}
			return time.Since(began).Seconds(), err
		},
		func(int) (float64, error) {
			began := time.Now()
			err := rawList(ctx, e.kube, namespace, io.Discard)
			return time.Since(began).Seconds(), err
		})
	if err != nil {
		return nil, err
	}
	return []figure{
		processes.figure("list 2,000 tasks: kubectl vast list / raw paged list, as processes", atMost(1.3), seconds),
		peaks.figure("  peak memory of these", bound{}, mebibytes),
		inside.figure("list 2,000 tasks: SDK / raw paged list, in one process", atMost(1.3), seconds),
	}, nil
}

// rawList fetches Jobs page by page and prints their names.
func rawList(ctx context.Context, client kubernetes.Interface, namespace string, w io.Writer) error {
	p := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return client.BatchV1().Jobs(namespace).List(ctx, o)
	})
	p.PageSize = pageSize
	return p.EachListItem(ctx, metav1.ListOptions{LabelSelector: kube.LabelKind + "=" + kube.KindTask},
		func(o runtime.Object) error {
			_, err := fmt.Fprintln(w, o.(*batchv1.Job).Name)
			return err
		})
}

func countNodes(ctx context.Context, e *env) (int, error) {
	nodes, err := e.kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return 0, err
	}
	return len(nodes.Items), nil
}
