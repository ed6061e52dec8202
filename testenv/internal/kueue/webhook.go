package kueue

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
)

// webhookTimeout is how long the webhook may take to answer after Kueue's pod is up:
// it makes its certificate first.
const webhookTimeout = 2 * time.Minute

var flavors = schema.GroupVersionResource{Group: "kueue.x-k8s.io", Version: "v1beta2", Resource: "resourceflavors"}

// WaitWebhook waits until Kueue's admission webhook answers. Before, the API server
// refuses every Job, Kueue's or not.
func WaitWebhook(ctx context.Context, kubeconfig string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	probe := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "kueue.x-k8s.io/v1beta2",
		"kind":       "ResourceFlavor",
		"metadata":   map[string]any{"generateName": "kubevast-probe-"},
	}}
	var last error
	err = wait.PollUntilContextTimeout(ctx, 300*time.Millisecond, webhookTimeout, true, func(ctx context.Context) (bool, error) {
		_, last = client.Resource(flavors).Create(ctx, probe, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("Kueue's webhook does not answer: %w: %v", err, last)
	}
	return nil
}
