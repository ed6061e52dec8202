package cluster

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/sdk/api"
)

// kueueCertificates is the Secret that Kueue makes for its webhooks when it
// first starts.
const kueueCertificates = "kueue-webhook-server-cert"

// awaitNewKueue waits until a Kueue that was just installed is up and its
// webhooks answer. Before they do, the API server refuses every Job and every
// pod of the cluster.
func (c *Client) awaitNewKueue(ctx context.Context, r *run) error {
	err := r.await(ctx, "Kueue", func(ctx context.Context) (string, error) {
		missing, err := c.missingPods(ctx, kueueNamespace, kueueDeployment)
		if err == nil && missing != "" {
			c.showCertificates(ctx)
		}
		return missing, err
	})
	if err != nil {
		return err
	}
	return r.await(ctx, "Kueue's webhook", c.missingWebhook)
}

// awaitKueue waits until the webhook of a Kueue that is there answers, and says
// what is wrong with Kueue's pods when it does not.
func (c *Client) awaitKueue(ctx context.Context, r *run, d *appsv1.Deployment) error {
	return r.await(ctx, "Kueue", func(ctx context.Context) (string, error) {
		missing, err := c.missingWebhook(ctx)
		if err != nil || missing == "" {
			return "", err
		}
		if why, err := c.missingPods(ctx, d.Namespace, d.Name); err != nil || why != "" {
			return why, err
		}
		return "its webhook does not answer yet", nil
	})
}

// missingWebhook asks Kueue to look at an object that is not kept.
func (c *Client) missingWebhook(ctx context.Context) (string, error) {
	set, err := c.conn.Kueue()
	if err != nil {
		return "", err
	}
	_, err = set.KueueV1beta2().ResourceFlavors().Create(ctx,
		&kueue.ResourceFlavor{ObjectMeta: metav1.ObjectMeta{GenerateName: "vast-probe-"}},
		metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err == nil {
		return "", nil
	}
	err = c.conn.Classify(err, "create", "resourceflavors.kueue.x-k8s.io")
	var unavailable *api.UnavailableError
	if errors.As(err, &unavailable) || isAbsent(err) {
		return "it does not answer yet", nil
	}
	return "", err
}

// showCertificates touches the pods of a fresh Kueue that wait for their
// certificates. Kueue makes them as a Secret and waits to find them in its own
// volume; a kubelet looks for such a change about once a minute, and at once
// when the pod itself changes. It only saves time, so errors do not matter.
func (c *Client) showCertificates(ctx context.Context) {
	core := c.conn.Kube.CoreV1()
	secret, err := core.Secrets(kueueNamespace).Get(ctx, kueueCertificates, metav1.GetOptions{})
	if err != nil || len(secret.Data[corev1.TLSCertKey]) == 0 {
		return
	}
	pods, err := core.Pods(kueueNamespace).List(ctx, metav1.ListOptions{LabelSelector: kueueSelector, Limit: pageSize})
	if err != nil {
		return
	}
	for i := range pods.Items {
		if pods.Items[i].Status.Phase != corev1.PodRunning {
			continue
		}
		patch := fmt.Appendf(nil, `{"metadata":{"uid":%q,"annotations":{"kubevast.io/certificates":%q}}}`, pods.Items[i].UID,
			secret.ResourceVersion+"-"+pods.Items[i].ResourceVersion)
		_, _ = core.Pods(kueueNamespace).Patch(ctx, pods.Items[i].Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager})
	}
}
