package cluster

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/kube"
)

// observed is what a cluster has before a setup. What is not there is nil.
type observed struct {
	record *record
	kueue  foundKueue
	// release is the Helm release of Kueue's name in Kueue's namespace.
	release      *release
	clusterQueue *kueue.ClusterQueue
	flavor       *kueue.ResourceFlavor
	// The store's.
	claim                *corev1.PersistentVolumeClaim
	deployment           *appsv1.Deployment
	secret, reader, root *corev1.Secret
	// cpuLimited: a ResourceQuota of the namespace admits no pod whose containers
	// have no limit of CPUs.
	cpuLimited bool
	// uid is the namespace's.
	uid types.UID
	// shared is what administrators asked for.
	shared shared
	// class is the StorageClass that the config makes.
	class *storagev1.StorageClass
}

// look reads all of it side by side. Whose each thing is, is for others to
// judge; but a namespace that is not there ends it here.
func (c *Client) look(ctx context.Context) (*observed, error) {
	now := &observed{}
	core := c.conn.Kube.CoreV1()
	err := together(
		func() error {
			namespace, err := core.Namespaces().Get(ctx, c.conn.Namespace, metav1.GetOptions{})
			if apierrors.IsNotFound(err) {
				return c.conn.NamespaceNotFound(c.conn.Namespace)
			}
			now.uid = namespace.UID
			return c.conn.Classify(err, "get", "namespaces")
		},
		func() (err error) { now.record, _, err = c.readRecord(ctx); return err },
		func() (err error) { return c.lookAtKueue(ctx, now) },
		func() (err error) {
			now.claim, err = core.PersistentVolumeClaims(c.conn.Namespace).Get(ctx, kube.StoreName, metav1.GetOptions{})
			return c.unlessAbsent(err, "persistentvolumeclaims", func() { now.claim = nil })
		},
		func() (err error) {
			now.deployment, err = c.conn.Kube.AppsV1().Deployments(c.conn.Namespace).Get(ctx, kube.StoreName, metav1.GetOptions{})
			return c.unlessAbsent(err, "deployments.apps", func() { now.deployment = nil })
		},
		func() error {
			quotas, err := core.ResourceQuotas(c.conn.Namespace).List(ctx, metav1.ListOptions{})
			if apierrors.IsForbidden(err) {
				return nil
			}
			if err != nil {
				return c.conn.Classify(err, "list", "resourcequotas")
			}
			for _, q := range quotas.Items {
				_, limited := q.Spec.Hard[corev1.ResourceLimitsCPU]
				now.cpuLimited = now.cpuLimited || limited
			}
			return nil
		},
		func() (err error) { now.secret, err = c.secretNamed(ctx, kube.StoreName); return err },
		func() (err error) { now.reader, err = c.secretNamed(ctx, kube.StoreReaderName); return err },
		func() (err error) { now.root, err = c.secretNamed(ctx, kube.StoreRootName); return err },
	)
	return now, err
}

// storeLimited decides whether the store's container has a limit of CPUs: where
// a quota requires one, else none, which is faster. A store whose pod exists
// stays as it is: another pod would have lost the data of one without a volume.
func (now *observed) storeLimited() bool {
	if now.deployment == nil || now.deployment.Status.Replicas == 0 {
		return now.cpuLimited
	}
	for _, c := range now.deployment.Spec.Template.Spec.Containers {
		if _, limited := c.Resources.Limits[corev1.ResourceCPU]; limited {
			return true
		}
	}
	return false
}

// lookAtKueue finds Kueue and, where it serves the API that we speak, the
// objects in it that setup reads before it writes.
func (c *Client) lookAtKueue(ctx context.Context, now *observed) error {
	var err error
	if now.kueue, err = c.findKueue(ctx); err != nil {
		return err
	}
	if now.shared, err = c.readShared(ctx, now.kueue.home()); err != nil {
		return err
	}
	if now.kueue.absent() || now.kueue.partial() || now.kueue.byHelm() {
		now.release, err = c.findRelease(ctx)
		// Who may not read releases can still use a Kueue that works.
		if err != nil && !(isForbidden(err) && now.kueue.speaks() && !now.kueue.partial()) {
			return err
		}
	}
	if !now.kueue.speaks() {
		return nil
	}
	set, err := c.conn.Kueue()
	if err != nil {
		return err
	}
	return together(
		func() (err error) {
			now.clusterQueue, err = set.KueueV1beta2().ClusterQueues().Get(ctx, kube.ClusterQueueName, metav1.GetOptions{})
			return c.unlessAbsent(err, "clusterqueues.kueue.x-k8s.io", func() { now.clusterQueue = nil })
		},
		func() (err error) {
			now.flavor, err = set.KueueV1beta2().ResourceFlavors().Get(ctx, kube.FlavorName, metav1.GetOptions{})
			return c.unlessAbsent(err, "resourceflavors.kueue.x-k8s.io", func() { now.flavor = nil })
		},
	)
}

// unlessAbsent classifies the error of a get; absence is none, and forget is
// called for what the client then returned.
func (c *Client) unlessAbsent(err error, resource string, forget func()) error {
	if err == nil {
		return nil
	}
	forget()
	if isAbsent(err) {
		return nil
	}
	return c.conn.Classify(err, "get", resource)
}
