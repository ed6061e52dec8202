package kueue

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
)

// certificates is the secret that Kueue makes for its webhooks when it first starts.
const certificates = "kueue-webhook-server-cert"

// WaitAvailable waits until Kueue's pod is up. A fresh one makes its certificates and
// then waits to find them in its own volume; the kubelet looks for such changes about
// once a minute, and at once when something about the pod itself changes. So something
// is changed.
func WaitAvailable(ctx context.Context, client kubernetes.Interface) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, time.Second, installTimeout, true, func(ctx context.Context) (bool, error) {
		deployment, err := client.AppsV1().Deployments(Namespace).Get(ctx, Deployment, metav1.GetOptions{})
		if err != nil {
			last = err
			return false, nil
		}
		if rolledOut(deployment) {
			return true, nil
		}
		last = nudge(ctx, client)
		return false, nil
	})
	if err != nil {
		return fmt.Errorf("Kueue does not become available: %w: %v", err, last)
	}
	return nil
}

// ScaledDown reports whether Kueue is scaled to zero.
func ScaledDown(ctx context.Context, client kubernetes.Interface) bool {
	deployment, err := client.AppsV1().Deployments(Namespace).Get(ctx, Deployment, metav1.GetOptions{})
	return err == nil && deployment.Spec.Replicas != nil && *deployment.Spec.Replicas == 0
}

// rolledOut reports whether all pods are of the newest kind and one is available.
func rolledOut(deployment *appsv1.Deployment) bool {
	status := deployment.Status
	return status.ObservedGeneration >= deployment.Generation &&
		status.UpdatedReplicas == status.Replicas && status.AvailableReplicas > 0
}

// nudge touches the pods that do not have their certificates yet.
func nudge(ctx context.Context, client kubernetes.Interface) error {
	secret, err := client.CoreV1().Secrets(Namespace).Get(ctx, certificates, metav1.GetOptions{})
	if err != nil || len(secret.Data["tls.crt"]) == 0 {
		return err
	}
	pods, err := client.CoreV1().Pods(Namespace).List(ctx, metav1.ListOptions{LabelSelector: "control-plane=controller-manager"})
	if err != nil {
		return err
	}
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{"kubevast.io/certificates":%q}}}`, secret.ResourceVersion+"-"+time.Now().Format(time.TimeOnly))
	for _, pod := range pods.Items {
		if pod.Status.Phase != corev1.PodRunning {
			continue
		}
		if _, err := client.CoreV1().Pods(Namespace).Patch(ctx, pod.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			return err
		}
	}
	return nil
}
