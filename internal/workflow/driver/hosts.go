package driver

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow/record"
)

// hosts gives the nodes of a job group's tasks their names, <task>-<rank>.<service>: it keeps
// an EndpointSlice of a headless Service without a selector. The host name of an Indexed
// Job's pod is the Job's, so that no selector can do it.
type hosts struct {
	*cluster
	run     *record.Run
	service string
	// known are the endpoints that were written last.
	known []discoveryv1.Endpoint
}

// update writes the addresses of the running pods if they have changed.
func (h *hosts) update(ctx context.Context) error {
	if h.service == "" {
		return nil
	}
	var pods corev1.PodList
	if err := h.api.Do(ctx, apiserver.Request{Method: http.MethodGet, Path: h.core("pods"),
		Query: url.Values{"labelSelector": {kube.LabelWorkflow + "=" + h.run.ID + "," + kube.LabelStep}}}, &pods); err != nil {
		return err
	}
	slices.SortFunc(pods.Items, func(a, b corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	ipv6 := false
	endpoints := []discoveryv1.Endpoint{}
	for i := range pods.Items {
		pod := &pods.Items[i]
		rank, err := strconv.Atoi(pod.Annotations[batchv1.JobCompletionIndexAnnotation])
		if err != nil || pod.Status.PodIP == "" || pod.DeletionTimestamp != nil || pod.Status.Phase != corev1.PodRunning {
			continue
		}
		ip := net.ParseIP(pod.Status.PodIP)
		ipv6 = ip != nil && ip.To4() == nil
		endpoints = append(endpoints, discoveryv1.Endpoint{Addresses: []string{pod.Status.PodIP},
			Hostname: ptr.To(pod.Annotations[kube.AnnotationStep] + "-" + strconv.Itoa(rank)), Conditions: discoveryv1.EndpointConditions{Ready: ptr.To(true)}})
	}
	if h.known != nil && reflect.DeepEqual(endpoints, h.known) {
		return nil
	}
	slice := &discoveryv1.EndpointSlice{
		TypeMeta: metav1.TypeMeta{APIVersion: "discovery.k8s.io/v1", Kind: "EndpointSlice"},
		ObjectMeta: metav1.ObjectMeta{Name: h.service, Namespace: h.namespace,
			Labels: map[string]string{discoveryv1.LabelServiceName: h.service, discoveryv1.LabelManagedBy: "driver.kubevast.io",
				kube.LabelKind: kube.KindWorkflowPart, kube.LabelWorkflow: h.run.ID},
			OwnerReferences: []metav1.OwnerReference{record.OwnerOf(h.run.Name, h.run.UID)}},
		AddressType: discoveryv1.AddressTypeIPv4, Endpoints: endpoints,
	}
	if ipv6 {
		slice.AddressType = discoveryv1.AddressTypeIPv6
	}
	path := "/apis/discovery.k8s.io/v1/namespaces/" + h.namespace + "/endpointslices"
	err := h.api.Send(ctx, http.MethodPost, path, slice, nil)
	if apiserver.IsExisting(err) {
		err = h.api.Send(ctx, http.MethodPut, path+"/"+h.service, slice, nil)
	}
	if err == nil {
		h.known = endpoints
	}
	return err
}
