package cluster

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/diagnose"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// The functions here return what is missing as a notice or a text, which is empty
// when nothing is.

// missingPods returns why a Deployment is not available, by the state of its pods
// where that explains it.
func (c *Client) missingPods(ctx context.Context, namespace, name string) (api.Notice, error) {
	d, err := c.conn.Kube.AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
	if isAbsent(err) {
		return api.Notice{Message: fmt.Sprintf("the deployment %s is not there", name)}, nil
	}
	if err != nil {
		return api.Notice{}, c.conn.Classify(err, "get", "deployments.apps")
	}
	missing := notUp(d)
	if missing == "" {
		return api.Notice{}, nil
	}
	why, err := c.trouble(ctx, d)
	if err != nil || why.Message == "" {
		return api.Notice{Message: missing}, err
	}
	return why, nil
}

// notUp looks at a Deployment alone.
func notUp(d *appsv1.Deployment) string {
	wanted, s := int32(1), d.Status
	if d.Spec.Replicas != nil {
		wanted = *d.Spec.Replicas
	}
	switch {
	case wanted == 0:
		return fmt.Sprintf("the deployment %s is scaled to 0", d.Name)
	case s.ObservedGeneration < d.Generation, s.UpdatedReplicas < wanted, s.Replicas > s.UpdatedReplicas:
		return "its pods are being created"
	case s.AvailableReplicas < wanted:
		return fmt.Sprintf("%d of %d pods are ready", s.AvailableReplicas, wanted)
	}
	return ""
}

// trouble returns what is wrong with the pods of a Deployment; empty when they only
// need time.
func (c *Client) trouble(ctx context.Context, d *appsv1.Deployment) (api.Notice, error) {
	for _, condition := range d.Status.Conditions {
		if condition.Type == appsv1.DeploymentReplicaFailure && condition.Status == corev1.ConditionTrue {
			return api.Notice{Message: "its pods cannot be created: " + text.Line(condition.Message)}, nil
		}
	}
	var (
		pods   *corev1.PodList
		events *corev1.EventList
	)
	err := together(
		func() (err error) {
			pods, err = c.conn.Kube.CoreV1().Pods(d.Namespace).List(ctx, metav1.ListOptions{
				LabelSelector: metav1.FormatLabelSelector(d.Spec.Selector), Limit: pageSize})
			return c.conn.Classify(err, "list", "pods")
		},
		func() (err error) {
			events, err = c.conn.Kube.CoreV1().Events(d.Namespace).List(ctx, metav1.ListOptions{
				FieldSelector: "involvedObject.kind=Pod,type=Warning", Limit: pageSize})
			return c.conn.Classify(err, "list", "events")
		},
	)
	if err != nil {
		return api.Notice{}, err
	}
	for i := range pods.Items {
		if pods.Items[i].DeletionTimestamp != nil {
			continue
		}
		if t := diagnose.Pending(&pods.Items[i], events.Items); t != nil {
			return api.Notice{Message: t.Message}, nil
		}
		if why := failing(&pods.Items[i]); why.Message != "" {
			return why, nil
		}
	}
	return api.Notice{}, nil
}

// failing returns what is wrong with a pod whose container terminates again and
// again.
func failing(pod *corev1.Pod) api.Notice {
	for _, s := range pod.Status.ContainerStatuses {
		if end := s.LastTerminationState.Terminated; s.State.Waiting != nil && end != nil {
			return api.Notice{Message: fmt.Sprintf("its container terminated with exit code %d and is restarted", end.ExitCode),
				Remedies: []api.Remedy{{Action: api.KubectlAction("logs"), Ref: pod.Name, Namespace: pod.Namespace, Options: []string{"previous"}}}}
		}
	}
	return api.Notice{}
}

// queues returns the ClusterQueue and the LocalQueue; nil is one that is not
// there.
func (c *Client) queues(ctx context.Context) (cq *kueue.ClusterQueue, lq *kueue.LocalQueue, err error) {
	set, err := c.conn.Kueue()
	if err != nil {
		return nil, nil, err
	}
	err = together(
		func() (err error) {
			cq, err = set.KueueV1beta2().ClusterQueues().Get(ctx, kube.ClusterQueueName, metav1.GetOptions{})
			return c.unlessAbsent(err, "clusterqueues.kueue.x-k8s.io", func() { cq = nil })
		},
		func() (err error) {
			lq, err = set.KueueV1beta2().LocalQueues(c.conn.Namespace).Get(ctx, kube.LocalQueueName, metav1.GetOptions{})
			return c.unlessAbsent(err, "localqueues.kueue.x-k8s.io", func() { lq = nil })
		},
	)
	return cq, lq, err
}

// queueMissing returns what a setup has to wait for: a queue that is held is set
// up.
func queueMissing(cq *kueue.ClusterQueue, lq *kueue.LocalQueue) string {
	if cq != nil && lq != nil && (isHeld(cq.Spec.StopPolicy) || isHeld(lq.Spec.StopPolicy)) {
		return ""
	}
	return queueTrouble(cq, lq).Message
}

// queueTrouble returns why the queues admit no work; nil is a queue that does not
// exist.
func queueTrouble(cq *kueue.ClusterQueue, lq *kueue.LocalQueue) api.Notice {
	because := func(format string, args ...any) api.Notice { return api.Notice{Message: fmt.Sprintf(format, args...)} }
	switch {
	case cq == nil:
		return because("the ClusterQueue %s is not there", kube.ClusterQueueName)
	case lq == nil:
		return because("the LocalQueue %s is not there", kube.LocalQueueName)
	case isHeld(cq.Spec.StopPolicy):
		return because("the ClusterQueue %s is stopped (stopPolicy %s)", cq.Name, *cq.Spec.StopPolicy)
	case isHeld(lq.Spec.StopPolicy):
		return api.Notice{Message: fmt.Sprintf("the queue %s is held", lq.Name),
			Remedies: []api.Remedy{{Action: api.QueuesResume, Ref: lq.Name, Namespace: lq.Namespace}}}
	}
	if why := inactive(cq.Status.Conditions, kueue.ClusterQueueActive); why != "" {
		return because("the ClusterQueue %s is not active: %s", cq.Name, why)
	}
	if why := inactive(lq.Status.Conditions, kueue.LocalQueueActive); why != "" {
		return because("the queue %s is not active: %s", lq.Name, why)
	}
	return api.Notice{}
}

func isHeld(policy *kueue.StopPolicy) bool { return policy != nil && *policy != kueue.None }

func inactive(conditions []metav1.Condition, kind string) string {
	c := meta.FindStatusCondition(conditions, kind)
	switch {
	case c == nil:
		return "Kueue has not looked at it yet"
	case c.Status != metav1.ConditionTrue:
		return text.Line(c.Message)
	}
	return ""
}
