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
)

// planKueue decides whether Kueue itself goes: only one that a setup
// installed, and only when nobody else needs it.
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
		return nil, nil // somebody has moved in
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
