package cluster

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/kube"
)

// kueueUse lists what else uses Kueue. A cleanup removes nothing that is in
// use.
type kueueUse struct {
	// others are queues, flavors and waiting or running work that are not ours.
	others []string
	// ofOurs are LocalQueues of others in our ClusterQueue, ofFlavor their
	// ClusterQueues with our flavor.
	ofOurs, ofFlavor []string
	// setUp are other namespaces with a LocalQueue of ours.
	setUp []string
	// foreign is others' work that waits or runs in our LocalQueue.
	foreign []string
}

// mostNamed is how many objects a message names.
const mostNamed = 5

// whoUsesKueue looks through all namespaces.
func (c *Client) whoUsesKueue(ctx context.Context) (kueueUse, error) {
	set, err := c.conn.Kueue()
	if err != nil {
		return kueueUse{}, err
	}
	var (
		use       kueueUse
		clusters  []*kueue.ClusterQueue
		locals    []*kueue.LocalQueue
		flavors   []*kueue.ResourceFlavor
		workloads []*kueue.Workload
		rest      []string
		client    = set.KueueV1beta2()
	)
	err = together(
		func() (err error) { rest, err = c.othersRest(ctx); return err },
		func() error {
			return c.listAll(ctx, "clusterqueues.kueue.x-k8s.io", func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
				return client.ClusterQueues().List(ctx, o)
			}, func(obj runtime.Object) { clusters = append(clusters, obj.(*kueue.ClusterQueue)) })
		},
		func() error {
			return c.listAll(ctx, "localqueues.kueue.x-k8s.io", func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
				return client.LocalQueues(metav1.NamespaceAll).List(ctx, o)
			}, func(obj runtime.Object) { locals = append(locals, obj.(*kueue.LocalQueue)) })
		},
		func() error {
			return c.listAll(ctx, "resourceflavors.kueue.x-k8s.io", func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
				return client.ResourceFlavors().List(ctx, o)
			}, func(obj runtime.Object) { flavors = append(flavors, obj.(*kueue.ResourceFlavor)) })
		},
		func() error {
			return c.listAll(ctx, "workloads.kueue.x-k8s.io", func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
				return client.Workloads(metav1.NamespaceAll).List(ctx, o)
			}, func(obj runtime.Object) { workloads = append(workloads, obj.(*kueue.Workload)) })
		},
	)
	use.add(clusters, locals, flavors, workloads, c.conn.Namespace)
	use.others = few(append(use.others, rest...))
	return use, err
}

// restOfKueue are the kinds of Kueue's whose objects only an installation of
// Kueue loses.
var restOfKueue = []string{"admissionchecks", "cohorts", "topologies", "workloadpriorityclasses",
	"multikueueclusters", "multikueueconfigs", "provisioningrequestconfigs"}

// othersRest names the objects of those kinds that are not ours.
func (c *Client) othersRest(ctx context.Context) ([]string, error) {
	set, err := c.objects()
	if err != nil {
		return nil, err
	}
	found := make([][]string, len(restOfKueue))
	calls := make([]func() error, len(restOfKueue))
	for i, plural := range restOfKueue {
		kind := set.Resource(kueue.SchemeGroupVersion.WithResource(plural))
		calls[i] = func() error {
			return c.listAll(ctx, plural+"."+kueue.GroupVersion.Group, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
				list, err := kind.List(ctx, o)
				if isAbsent(err) {
					return &unstructured.UnstructuredList{}, nil // an older or newer Kueue
				}
				return list, err
			}, func(obj runtime.Object) {
				if u := obj.(*unstructured.Unstructured); !isOurs(u) {
					found[i] = append(found[i], describe(u))
				}
			})
		}
	}
	err = together(calls...)
	return slices.Concat(found...), err
}

// add sorts what there is by whose it is.
func (use *kueueUse) add(clusters []*kueue.ClusterQueue, locals []*kueue.LocalQueue, flavors []*kueue.ResourceFlavor, workloads []*kueue.Workload, namespace string) {
	for _, q := range clusters {
		if isOurs(q) {
			continue
		}
		use.others = append(use.others, "clusterqueue/"+q.Name)
		if flavorsOf(q).Has(kube.FlavorName) {
			use.ofFlavor = append(use.ofFlavor, "clusterqueue/"+q.Name)
		}
	}
	for _, q := range locals {
		if isOurs(q) {
			if q.Namespace != namespace && q.Spec.ClusterQueue == kube.ClusterQueueName {
				use.setUp = append(use.setUp, q.Namespace)
			}
			continue
		}
		name := fmt.Sprintf("localqueue/%s in %s", q.Name, q.Namespace)
		use.others = append(use.others, name)
		if q.Spec.ClusterQueue == kube.ClusterQueueName {
			use.ofOurs = append(use.ofOurs, name)
		}
	}
	for _, f := range flavors {
		if !isOurs(f) {
			use.others = append(use.others, "resourceflavor/"+f.Name)
		}
	}
	for _, w := range workloads {
		inOurs := w.Namespace == namespace && w.Spec.QueueName == kube.LocalQueueName
		name := fmt.Sprintf("workload/%s in %s", w.Name, w.Namespace)
		switch {
		case hasFinished(w), w.Namespace == namespace && isWork(w): // for the latter see work.go
		case !inOurs:
			use.others = append(use.others, name)
		default:
			use.foreign = append(use.foreign, name)
		}
	}
	use.others, use.ofOurs, use.ofFlavor, use.foreign = few(use.others), few(use.ofOurs), few(use.ofFlavor), few(use.foreign)
}

func flavorsOf(q *kueue.ClusterQueue) sets.Set[string] {
	names := sets.New[string]()
	for _, g := range q.Spec.ResourceGroups {
		for _, f := range g.Flavors {
			names.Insert(string(f.Name))
		}
	}
	return names
}

func hasFinished(w *kueue.Workload) bool {
	for _, condition := range w.Status.Conditions {
		if condition.Type == kueue.WorkloadFinished && condition.Status == metav1.ConditionTrue {
			return true
		}
	}
	return false
}

// isWork reports work of ours. It looks at the pods: Kueue does not copy a
// Job's labels.
func isWork(w *kueue.Workload) bool {
	return slices.ContainsFunc(w.Spec.PodSets, func(set kueue.PodSet) bool {
		_, ours := set.Template.Labels[kube.LabelKind]
		return ours
	})
}

// few cuts a list for people.
func few(names []string) []string {
	if len(names) <= mostNamed {
		return names
	}
	return append(names[:mostNamed:mostNamed], fmt.Sprintf("%d more", len(names)-mostNamed))
}
