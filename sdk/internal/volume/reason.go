package volume

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

const onFirstUse = "it is created when the first task uses it"

// reasons holds what explains why claims are not Bound.
type reasons struct {
	classes map[string]*storagev1.StorageClass
	events  map[string]*corev1.Event // the last one, by the claim's uid
}

// reasons reads them, with one request each, if any of the claims is Pending. They
// only serve messages, so it ignores what cannot be read.
func (c *Client) reasons(ctx context.Context, namespace string, all []*corev1.PersistentVolumeClaim) reasons {
	r := reasons{events: map[string]*corev1.Event{}}
	var pending []*corev1.PersistentVolumeClaim
	for _, pvc := range all {
		if isPending(pvc) {
			pending = append(pending, pvc)
		}
	}
	if len(pending) == 0 {
		return r
	}
	r.classes, _ = c.classes(ctx)
	selector := "involvedObject.kind=PersistentVolumeClaim"
	if len(pending) == 1 {
		selector += ",involvedObject.name=" + pending[0].Name
	}
	_ = eachPage(ctx, metav1.ListOptions{FieldSelector: selector}, c.conn.Kube.CoreV1().Events(namespace).List,
		func(obj runtime.Object) {
			e, ok := obj.(*corev1.Event)
			if !ok {
				return
			}
			uid := string(e.InvolvedObject.UID)
			if last := r.events[uid]; last == nil || !when(e).Before(when(last)) {
				r.events[uid] = e
			}
		})
	return r
}

func isPending(pvc *corev1.PersistentVolumeClaim) bool {
	return pvc.Status.Phase == corev1.ClaimPending || pvc.Status.Phase == ""
}

func when(e *corev1.Event) time.Time {
	switch {
	case e.Series != nil:
		return e.Series.LastObservedTime.Time
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time
	}
	return e.EventTime.Time
}

// of returns why the claim is not Bound, or that it is being deleted.
func (r reasons) of(pvc *corev1.PersistentVolumeClaim) string {
	switch {
	case pvc.DeletionTimestamp != nil:
		return "being deleted; it is gone when nothing uses it any more"
	case pvc.Status.Phase == corev1.ClaimLost:
		return fmt.Sprintf("its PersistentVolume %q is gone, and the data with it", pvc.Spec.VolumeName)
	case !isPending(pvc):
		return ""
	}
	class, named := r.class(pvc)
	event := r.events[string(pvc.UID)]
	switch {
	case event != nil && event.Reason == "WaitForFirstConsumer":
		return onFirstUse
	case event != nil && event.Type == corev1.EventTypeWarning && event.Message != "":
		return strings.Join(strings.Fields(event.Message), " ")
	case r.classes != nil && named == "":
		return "no StorageClass is named, and the cluster has no default one"
	case r.classes != nil && class == nil:
		return fmt.Sprintf("the cluster has no StorageClass %q", named)
	case class != nil && class.VolumeBindingMode != nil && *class.VolumeBindingMode == storagev1.VolumeBindingWaitForFirstConsumer &&
		pvc.Annotations["volume.kubernetes.io/selected-node"] == "":
		return onFirstUse
	case event != nil && event.Message != "":
		return strings.Join(strings.Fields(event.Message), " ")
	}
	return "being created"
}

// class returns the StorageClass that the claim names, or the default one.
func (r reasons) class(pvc *corev1.PersistentVolumeClaim) (*storagev1.StorageClass, string) {
	if pvc.Spec.StorageClassName != nil {
		name := *pvc.Spec.StorageClassName
		return r.classes[name], name
	}
	for name, class := range r.classes {
		if isDefault(class) {
			return class, name
		}
	}
	return nil, ""
}
