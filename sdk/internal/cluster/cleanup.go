package cluster

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// Cleanup removes what Setup made in the client's namespace, and what all
// namespaces share when no other one is set up. What others made stays, and
// whatever they use of ours. It is idempotent; the record goes last, so that a
// call that was cut short is completed by the next one.
//
// Work of ours that has not ended, of whatever kind and in whatever queue, is
// *api.ConflictError that names it, unless o.Force, which stops it first and waits
// until it has saved. Others' work in our queue is *api.ConflictError in any case.
// If there is nothing to remove it returns no error. It never removes a
// finalizer: it waits while Kueue blocks a deletion, and *api.TimedOutError
// names the objects.
func (c *Client) Cleanup(ctx context.Context, o api.ClusterCleanupOptions) (*api.ClusterCleanup, error) {
	if err := o.DryRun.Check(); err != nil {
		return nil, err
	}
	r, ctx, cancel := newRun(ctx, o.Progress, o.Timeout)
	defer cancel()
	p, err := c.planCleanup(ctx, o)
	if err != nil {
		return nil, r.inTime(ctx, "looking at the cluster", err)
	}
	if len(p.status.Remove) == 0 {
		return &p.status, nil // no work needs what is not there
	}
	if err := p.allowed(o); err != nil || o.DryRun == api.DryRunClient {
		return &p.status, err
	}
	if o.DryRun == api.DryRunServer {
		return &p.status, c.removeAll(ctx, nil, api.DryRunServer, p.queue, p.shared, p.rest)
	}
	if p.kueue {
		if err := c.needsInstaller("remove"); err != nil {
			return &p.status, err
		}
	}
	if err := c.takeBack(ctx, r, p, o.Force); err != nil {
		return &p.status, r.inTime(ctx, "removing; run the command again to go on", err)
	}
	return &p.status, nil
}

// allowed refuses while there is work.
func (p *removal) allowed(o api.ClusterCleanupOptions) error {
	if len(p.foreign) > 0 {
		return &api.ConflictError{Message: fmt.Sprintf("others' work is in the queue %q: %s; delete it or wait for it first",
			kube.LocalQueueName, strings.Join(p.foreign, ", "))}
	}
	if len(p.status.Work) > 0 && !o.Force {
		return &api.ConflictError{Message: "work has not ended: " + wordsForWork(p.status.Work) + "; wait for it or stop it",
			Remedies: append(toStop(p.status.Work), api.Remedy{Options: []string{"Force"}, Purpose: "stop it and wait until its results are uploaded"})}
	}
	return nil
}

func (c *Client) takeBack(ctx context.Context, r *run, p *removal, force bool) error {
	if force {
		if err := c.stopWork(ctx, r); err != nil {
			return err
		}
	}
	// The queues go one after the other, the rest side by side with them.
	err := together(
		func() error {
			for _, u := range append(p.queue, p.shared...) {
				if err := c.removeAll(ctx, r, api.DryRunNone, []*unstructured.Unstructured{u}); err != nil {
					return err
				}
			}
			return nil
		},
		func() error { return c.removeAll(ctx, r, api.DryRunNone, p.rest) },
	)
	if err != nil {
		return err
	}
	if p.kueue {
		if err := c.uninstallKueue(ctx, r); err != nil {
			return err
		}
	}
	if p.recorded || p.kueue {
		if err := c.forgetShared(ctx, c.conn.Namespace, p.kueueStays); err != nil {
			return err
		}
	}
	var last []*unstructured.Unstructured
	for _, u := range []*unstructured.Unstructured{p.namespace, p.record} {
		if u != nil {
			last = append(last, u)
		}
	}
	return c.removeAll(ctx, r, api.DryRunNone, last)
}

// removeAll deletes objects side by side and waits until they are gone.
func (c *Client) removeAll(ctx context.Context, r *run, dryRun api.DryRun, groups ...[]*unstructured.Unstructured) error {
	var calls []func() error
	for _, group := range groups {
		for _, u := range group {
			calls = append(calls, func() error {
				if err := c.remove(ctx, u, dryRun); err != nil || dryRun != api.DryRunNone {
					return err
				}
				return r.await(ctx, describe(u)+" to go", func(ctx context.Context) (string, error) {
					there, err := c.get(ctx, u)
					if err != nil || there == nil || there.GetUID() != u.GetUID() {
						return "", err
					}
					return leaving(there), nil
				})
			})
		}
	}
	return together(calls...)
}

// leaving returns why an object that was deleted still exists.
func leaving(u *unstructured.Unstructured) string {
	switch u.GetKind() {
	case "Deployment":
		return "its pods are ending"
	case "ClusterQueue", "LocalQueue":
		return "Kueue holds it until nothing runs through it"
	}
	if f := u.GetFinalizers(); len(f) > 0 {
		return "held by " + strings.Join(f, ", ")
	}
	return "it is still there"
}

// planKueue decides whether Kueue itself is removed: only one that a setup
// installed, and only when nothing else uses it.
func (c *Client) planKueue(ctx context.Context, r *removal, found foundKueue, others []string, use kueueUse) error {
	release, err := c.findRelease(ctx)
	if isForbidden(err) {
		r.kueueStays = true
		r.keep("kueue", "its Helm release may not be read: %v", err)
		return nil
	}
	if err != nil {
		return err
	}
	r.kueueStays = release != nil && release.Ours
	switch {
	case release == nil && found.absent():
		if len(others) == 0 { // a setup may have come as far as to make its namespace
			r.namespace, err = c.kueueNamespaceOfOurs(ctx)
		}
	case release == nil || !release.Ours:
		r.keep("kueue", "cluster setup did not install it")
	case len(others) > 0:
		r.keep("kueue", "%s also set up: %s", wereSetUp(len(others)), strings.Join(few(others), ", "))
	case len(use.others) > 0:
		r.keep("kueue", "others use it: %s", strings.Join(use.others, ", "))
	default:
		r.kueue, r.kueueStays = true, false
		r.namespace, err = c.kueueNamespaceOfOurs(ctx)
	}
	return err
}

// kueueNamespaceOfOurs returns Kueue's namespace if a setup made it and nothing
// else has moved in; else nil.
func (c *Client) kueueNamespaceOfOurs(ctx context.Context) (*unstructured.Unstructured, error) {
	namespace := &corev1.Namespace{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: metav1.ObjectMeta{Name: kueueNamespace}}
	there, err := c.get(ctx, namespace)
	if err != nil || there == nil || !isOurs(there) {
		return nil, err
	}
	pods, err := c.conn.Kube.CoreV1().Pods(kueueNamespace).List(ctx, metav1.ListOptions{
		LabelSelector: "app.kubernetes.io/name!=kueue", Limit: 1})
	if err != nil {
		return nil, c.conn.Classify(err, "list", "pods")
	}
	if len(pods.Items) > 0 {
		return nil, nil // the namespace is in use
	}
	return there, nil
}

// uninstallKueue removes Kueue and waits until its API is gone. Its resource
// definitions can go only when no Workload waits for a Kueue to let it go.
func (c *Client) uninstallKueue(ctx context.Context, r *run) error {
	set, err := c.conn.Kueue()
	if err != nil {
		return err
	}
	err = r.await(ctx, "Kueue to let go of its work", func(ctx context.Context) (string, error) {
		held := ""
		err := c.listAll(ctx, "workloads.kueue.x-k8s.io", func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			list, err := set.KueueV1beta2().Workloads(metav1.NamespaceAll).List(ctx, o)
			if isAbsent(err) {
				return &kueue.WorkloadList{}, nil // its API is gone already
			}
			return list, err
		}, func(obj runtime.Object) {
			if w := obj.(*kueue.Workload); len(w.Finalizers) > 0 {
				held = fmt.Sprintf("workload %s in namespace %s", w.Name, w.Namespace)
			}
		})
		return held, err
	})
	if err != nil {
		return err
	}
	r.say("removing Kueue")
	if err := c.installer.Uninstall(ctx, c.conn.Config, kueueNamespace, kueueRelease); err != nil {
		return c.conn.Classify(err, "delete", "what Kueue consists of")
	}
	return r.await(ctx, "Kueue to go", func(ctx context.Context) (string, error) {
		found, err := c.findKueue(ctx)
		if err != nil || found.absent() {
			return "", err
		}
		return "parts of it are still there", nil
	})
}
