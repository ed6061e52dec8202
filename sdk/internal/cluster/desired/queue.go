package desired

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/kube"
)

// Values of the label that distinguishes the parts of a setup.
const (
	ComponentSetup = "setup"
	ComponentQueue = "queue"
	ComponentStore = "store"
	ComponentAgent = "agent"
	// ComponentShared is not counted as a namespace that was set up.
	ComponentShared = "cluster"
)

// Labels returns the labels of everything that setup makes.
func Labels(component string) map[string]string {
	return map[string]string{kube.LabelManagedBy: kube.ManagedBy, kube.LabelComponent: component}
}

// priorities are the WorkloadPriorityClasses, lowest first.
var priorities = []struct {
	name, description string
	value             int32
}{
	{"vast-low", "for work that may wait until nothing else does", -100},
	{"vast-normal", "what work without a class has", 0},
	{"vast-high", "for work that goes before all other", 100},
}

// Queues returns the objects of Kueue's API, cluster-scoped ones first.
func Queues(namespace string, groups []kueue.ResourceGroup) []runtime.Object {
	objects := []runtime.Object{
		&kueue.ResourceFlavor{TypeMeta: kueueType("ResourceFlavor"), ObjectMeta: queueMeta(kube.FlavorName, "")},
	}
	for _, p := range priorities {
		objects = append(objects, &kueue.WorkloadPriorityClass{TypeMeta: kueueType("WorkloadPriorityClass"),
			ObjectMeta: queueMeta(p.name, ""), Value: p.value, Description: p.description})
	}
	return append(objects,
		ClusterQueue(groups),
		&kueue.LocalQueue{TypeMeta: kueueType("LocalQueue"), ObjectMeta: queueMeta(kube.LocalQueueName, namespace),
			Spec: kueue.LocalQueueSpec{ClusterQueue: kube.ClusterQueueName}},
	)
}

// ClusterQueue returns one that is open to every namespace: who may use it is decided by who
// may make a LocalQueue.
func ClusterQueue(groups []kueue.ResourceGroup) *kueue.ClusterQueue {
	return &kueue.ClusterQueue{TypeMeta: kueueType("ClusterQueue"), ObjectMeta: queueMeta(kube.ClusterQueueName, ""),
		Spec: kueue.ClusterQueueSpec{NamespaceSelector: &metav1.LabelSelector{}, ResourceGroups: groups}}
}

func queueMeta(name, namespace string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: Labels(ComponentQueue)}
}

func kueueType(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: kueue.SchemeGroupVersion.String(), Kind: kind}
}
