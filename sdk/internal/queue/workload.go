package queue

import (
	"cmp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	resourcehelper "k8s.io/component-helpers/resource"
	"k8s.io/utils/ptr"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/kube"
)

// workload is the part of a Kueue Workload that is read. A Workload has the whole pod
// template, scripts included; decoding only this part keeps lists of thousands fast
// and small.
type workload struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        workloadMeta `json:"metadata"`
	Spec            struct {
		PodSets          []podSet                `json:"podSets"`
		QueueName        string                  `json:"queueName"`
		Priority         *int32                  `json:"priority"`
		PriorityClassRef *kueue.PriorityClassRef `json:"priorityClassRef"`
		Active           *bool                   `json:"active"`
	} `json:"spec"`
	Status struct {
		Conditions []metav1.Condition `json:"conditions"`
		Admission  *struct {
			ClusterQueue string `json:"clusterQueue"`
		} `json:"admission"`
		RequeueState    *kueue.RequeueState `json:"requeueState"`
		AdmissionChecks []struct {
			Name    string           `json:"name"`
			State   kueue.CheckState `json:"state"`
			Message string           `json:"message"`
		} `json:"admissionChecks"`
	} `json:"status"`
}

type workloadMeta struct {
	Name              string                  `json:"name"`
	Namespace         string                  `json:"namespace"`
	UID               types.UID               `json:"uid"`
	CreationTimestamp metav1.Time             `json:"creationTimestamp"`
	DeletionTimestamp *metav1.Time            `json:"deletionTimestamp"`
	OwnerReferences   []metav1.OwnerReference `json:"ownerReferences"`
}

type podSet struct {
	Count    int32 `json:"count"`
	Template struct {
		Metadata struct {
			Labels      map[string]string `json:"labels"`
			Annotations map[string]string `json:"annotations"`
		} `json:"metadata"`
		Spec struct {
			Containers     []container         `json:"containers"`
			InitContainers []container         `json:"initContainers"`
			Overhead       corev1.ResourceList `json:"overhead"`
		} `json:"spec"`
	} `json:"template"`
}

type container struct {
	RestartPolicy *corev1.ContainerRestartPolicy `json:"restartPolicy"`
	Resources     struct {
		Requests corev1.ResourceList `json:"requests"`
		Limits   corev1.ResourceList `json:"limits"`
	} `json:"resources"`
}

// DeepCopyObject implements runtime.Object for the pager, which copies nothing.
func (w *workload) DeepCopyObject() runtime.Object { return ptr.To(*w) }

// key returns "namespace/name".
func (w *workload) key() string { return w.Metadata.Namespace + "/" + w.Metadata.Name }

// queue returns the LocalQueue as "namespace/name".
func (w *workload) queue() string { return w.Metadata.Namespace + "/" + w.Spec.QueueName }

func (w *workload) condition(kind string) *metav1.Condition {
	return meta.FindStatusCondition(w.Status.Conditions, kind)
}

func (w *workload) is(kind string) bool {
	return meta.IsStatusConditionTrue(w.Status.Conditions, kind)
}

// waits reports whether it is not admitted yet: it has no quota, or has reserved it
// while admission checks are pending.
func (w *workload) waits() bool {
	return !w.is(kueue.WorkloadFinished) && !w.is(kueue.WorkloadAdmitted)
}

// competes reports whether Kueue considers it for admission.
func (w *workload) competes() bool {
	return w.waits() && ptr.Deref(w.Spec.Active, true) && !w.is(kueue.WorkloadQuotaReserved)
}

// owner returns the object that the Workload is made for.
func (w *workload) owner() metav1.OwnerReference {
	for _, o := range w.Metadata.OwnerReferences {
		if ptr.Deref(o.Controller, false) {
			return o
		}
	}
	if len(w.Metadata.OwnerReferences) > 0 {
		return w.Metadata.OwnerReferences[0]
	}
	return metav1.OwnerReference{Kind: "Workload", Name: w.Metadata.Name}
}

// task returns the ID, name and user of the Workload's task; empty for other work.
func (w *workload) task() (id, name, user string) {
	if len(w.Spec.PodSets) == 0 {
		return "", "", ""
	}
	m := &w.Spec.PodSets[0].Template.Metadata
	if id = m.Labels[kube.LabelTaskID]; id == "" {
		return "", "", ""
	}
	return id, cmp.Or(m.Annotations[kube.AnnotationTaskName], m.Labels[kube.LabelTaskName]),
		cmp.Or(m.Annotations[kube.AnnotationUser], m.Labels[kube.LabelUser])
}

// needs returns the total requests of each of its pod sets.
func (w *workload) needs() []corev1.ResourceList {
	out := make([]corev1.ResourceList, len(w.Spec.PodSets))
	for i := range w.Spec.PodSets {
		p := &w.Spec.PodSets[i]
		out[i] = (&Demand{Pods: int(p.Count), PerPod: p.requests()}).total()
	}
	return out
}

// requests returns the requests of one pod, as the scheduler computes them. As with
// pods, a limit without a request is the request.
func (p *podSet) requests() corev1.ResourceList {
	pod := &corev1.Pod{Spec: corev1.PodSpec{Overhead: p.Template.Spec.Overhead}}
	for _, c := range p.Template.Spec.Containers {
		pod.Spec.Containers = append(pod.Spec.Containers, c.core())
	}
	for _, c := range p.Template.Spec.InitContainers {
		pod.Spec.InitContainers = append(pod.Spec.InitContainers, c.core())
	}
	return resourcehelper.PodRequests(pod, resourcehelper.PodResourcesOptions{})
}

func (c *container) core() corev1.Container {
	requests := c.Resources.Requests.DeepCopy()
	for name, q := range c.Resources.Limits {
		if _, ok := requests[name]; !ok {
			if requests == nil {
				requests = corev1.ResourceList{}
			}
			requests[name] = q
		}
	}
	return corev1.Container{RestartPolicy: c.RestartPolicy, Resources: corev1.ResourceRequirements{Requests: requests}}
}

// orderTime returns the time that decides its position, as in Kueue's defaults: its
// creation, or its eviction for not being ready in time.
func (w *workload) orderTime() time.Time {
	if c := w.condition(kueue.WorkloadEvicted); c != nil && c.Status == metav1.ConditionTrue &&
		(c.Reason == kueue.WorkloadEvictedByPodsReadyTimeout || c.Reason == kueue.WorkloadEvictedByAdmissionCheck) {
		return c.LastTransitionTime.Time
	}
	return w.Metadata.CreationTimestamp.Time
}

// compare orders what waits for the same quota: who is first comes first. The
// name decides between those of the same second, so that lists are stable.
func compare(a, b *workload) int {
	return cmp.Or(cmp.Compare(ptr.Deref(b.Spec.Priority, 0), ptr.Deref(a.Spec.Priority, 0)),
		a.orderTime().Compare(b.orderTime()), strings.Compare(a.key(), b.key()))
}
