package volume

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/sdk/api"
)

// Delete deletes a volume; the reclaim policy of its StorageClass decides whether its
// data is deleted. It returns a *api.ConflictError, and deletes nothing, if the volume
// is in use or belongs to another user, and for a claim that kubevast did not create.
// With Wait it returns when the claim is gone.
//
// A task that is submitted at the same moment may still mount the claim; Kubernetes
// then keeps it until that task has ended.
func (c *Client) Delete(ctx context.Context, name string, o api.VolumeDeleteOptions) (*api.VolumeStatus, error) {
	if err := o.DryRun.Check(); err != nil {
		return nil, err
	}
	pvc, err := c.one(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := c.mayDelete(ctx, pvc); err != nil {
		return nil, err
	}
	used, err := c.strictUsage(ctx, pvc.Namespace)
	if err != nil {
		return nil, err
	}
	st := c.explained(ctx, pvc)
	if st.UsedBy = used.of(pvc); len(st.UsedBy) > 0 {
		return nil, &api.ConflictError{Message: fmt.Sprintf(
			"volume %q is in use by %s; it can be deleted when its users have ended", nameOf(pvc), strings.Join(st.UsedBy, ", "))}
	}
	if err := c.mayGo(ctx, pvc); err != nil {
		return nil, err
	}
	if !o.DryRun.Sends() {
		return st, nil
	}
	opts := access.Exactly(pvc.UID, metav1.DeleteOptions{DryRun: o.DryRun.Param()})
	err = c.conn.Kube.CoreV1().PersistentVolumeClaims(pvc.Namespace).Delete(ctx, pvc.Name, opts)
	if err := c.conn.Deleted(err, claims, pvc.Name); err != nil {
		return nil, err
	}
	if o.Wait && o.DryRun.Keeps() {
		return st, c.awaitGone(ctx, pvc)
	}
	return st, nil
}

// mayDelete returns a ConflictError for a claim that is not the user's.
func (c *Client) mayDelete(ctx context.Context, pvc *corev1.PersistentVolumeClaim) error {
	byHand := []api.Remedy{{Action: api.KubectlAction("delete pvc"), Ref: pvc.Name, Namespace: pvc.Namespace, Purpose: "delete it nevertheless"}}
	if !isOurs(pvc) {
		return &api.ConflictError{Message: fmt.Sprintf("claim %q was not created by kubevast", pvc.Name), Remedies: byHand}
	}
	user, err := c.conn.User(ctx)
	if err != nil {
		return err
	}
	if owner := ownerOf(pvc); owner != user {
		return &api.ConflictError{Message: fmt.Sprintf("volume %q belongs to %s", nameOf(pvc), owner), Remedies: byHand}
	}
	return nil
}

// mayGo returns a ConflictError for a claim that terminated pods still mount:
// Kubernetes would keep it as Terminating until these pods are deleted.
func (c *Client) mayGo(ctx context.Context, pvc *corev1.PersistentVolumeClaim) error {
	held := usage{}
	err := eachPage(ctx, metav1.ListOptions{}, c.conn.Kube.CoreV1().Pods(pvc.Namespace).List, func(obj runtime.Object) {
		if pod, ok := obj.(*corev1.Pod); ok {
			held.add(pod.Namespace, &pod.Spec, userOf(pod))
		}
	})
	if err != nil {
		return c.conn.Classify(err, "list", "pods")
	}
	if by := held.of(pvc); len(by) > 0 {
		return &api.ConflictError{Message: fmt.Sprintf(
			"volume %q is still held by %s: they have ended, but Kubernetes keeps the volumes of pods that exist; delete them first",
			nameOf(pvc), strings.Join(by, ", "))}
	}
	return nil
}

// awaitGone waits until the claim is gone.
func (c *Client) awaitGone(ctx context.Context, pvc *corev1.PersistentVolumeClaim) error {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		now, err := c.conn.Kube.CoreV1().PersistentVolumeClaims(pvc.Namespace).Get(ctx, pvc.Name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err), err == nil && now.UID != pvc.UID:
			return nil
		case err != nil:
			return c.conn.Classify(err, "get", claims)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}
