package queue

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

const (
	// None is the name by which a task requests no queue.
	None = "none"
	// kueueDefault is the LocalQueue into which Kueue itself puts Jobs that
	// name none.
	kueueDefault = "default"
)

// Choice is the queue that a task joins.
type Choice struct {
	// Queue is a LocalQueue of the task's namespace; empty is no queue.
	Queue string
	// ClusterQueue is the queue's; empty when it is unknown.
	ClusterQueue string
	// Held: the LocalQueue is held, so the task waits until it is resumed.
	Held bool
	// Warning is about the choice; usually empty. Remedies belong to it.
	Warning  string
	Remedies []api.Remedy
	// Unqueued: the namespace has no queue, although the user did not request
	// none. Whether the task starts depends on its Job.
	Unqueued bool
}

// Notice returns the warning about the choice, usually empty. unqueued describes what
// happens to work that joins no queue.
func (c *Choice) Notice(unqueued string) api.Notice {
	if c.Unqueued {
		return api.Notice{Message: c.Warning + ": " + unqueued, Remedies: c.Remedies}
	}
	return api.Notice{Message: c.Warning, Remedies: c.Remedies}
}

// Choose returns the LocalQueue of namespace ns that a task joins. With an empty name
// it is "vast", else Kueue's own default queue, "default"; if the namespace has only
// others, none is chosen silently: the InvalidSpecError lists them. The name "none"
// means no queue. A queue that does not exist is a NotFoundError. Without Kueue,
// without LocalQueues and without the right to list them an empty name means no
// queue, with a warning. It costs one request, whose answer is cached for a moment.
func (c *Client) Choose(ctx context.Context, ns, name string) (Choice, error) {
	return c.choices.Get(wanted{ns, name}, func() (Choice, error) { return c.choose(ctx, ns, name) })
}

func (c *Client) choose(ctx context.Context, ns, name string) (Choice, error) {
	list, err := c.localQueues(ctx, ns)
	switch {
	case api.IsForbidden(err):
		return unseen(ns, name), nil
	case api.IsNotInstalled(err):
		return withoutKueue(name)
	case err != nil:
		return Choice{}, err
	}
	return choose(list, ns, name)
}

// unseen returns the choice of a user who may not list LocalQueues.
func unseen(ns, name string) Choice {
	switch name {
	case "":
		return Choice{Unqueued: true, Warning: fmt.Sprintf("you may not list the queues of namespace %q (%s)", ns, localQueues),
			Remedies: []api.Remedy{{Options: []string{"Queue"}, Purpose: "name a queue"}}}
	case None:
		return Choice{}
	}
	return Choice{Queue: name}
}

// withoutKueue returns the choice in a cluster without Kueue.
func withoutKueue(name string) (Choice, error) {
	switch name {
	case "":
		return Choice{Unqueued: true, Warning: "the cluster has no Kueue", Remedies: setUp()}, nil
	case None:
		return Choice{}, nil
	}
	return Choice{}, &api.NotInstalledError{Message: fmt.Sprintf("the cluster has no Kueue, and so no queue %q", name),
		Remedies: append(setUp(), noQueue)}
}

// noQueue is the remedy that does without a queue.
var noQueue = api.Remedy{Options: []string{"Queue=" + None}, Purpose: "start without a queue"}

// choose returns the LocalQueue of list that name means.
func choose(list []kueue.LocalQueue, ns, name string) (Choice, error) {
	byName := map[string]*kueue.LocalQueue{}
	for i := range list {
		byName[list[i].Name] = &list[i]
	}
	switch {
	case name == None:
		if byName[kueueDefault] != nil {
			return Choice{Warning: fmt.Sprintf(
				"Kueue puts every Job of namespace %q that names no queue into LocalQueue %q, this one too", ns, kueueDefault)}, nil
		}
		return Choice{}, nil
	case name != "" && byName[name] == nil:
		return Choice{}, unknownQueue(list, ns, name)
	case name != "":
		return chosen(byName[name]), nil
	case byName[kube.LocalQueueName] != nil:
		return chosen(byName[kube.LocalQueueName]), nil
	case byName[kueueDefault] != nil:
		return chosen(byName[kueueDefault]), nil
	case len(list) == 0:
		return Choice{Unqueued: true, Warning: fmt.Sprintf("namespace %q has no queue", ns), Remedies: setUp()}, nil
	}
	if len(list) == 1 {
		err := api.InvalidOption("Queue", "namespace %q has only queue %s, and it is not called %q", ns, list[0].Name, kube.LocalQueueName)
		err.Problems[0].Remedies = []api.Remedy{{Options: []string{"Queue=" + list[0].Name}, Purpose: "join it"}, noQueue}
		return Choice{}, err
	}
	err := api.InvalidOption("Queue", "namespace %q has several queues and none of them is called %q: choose one of %s", ns, kube.LocalQueueName, names(list))
	err.Problems[0].Remedies = []api.Remedy{noQueue}
	return Choice{}, err
}

// chosen returns the choice of an existing queue. A task joins it even if the queue is
// held or inactive: it keeps the task's place.
func chosen(q *kueue.LocalQueue) Choice {
	c := Choice{Queue: q.Name, ClusterQueue: string(q.Spec.ClusterQueue), Held: held(q.Spec.StopPolicy)}
	switch active := meta.FindStatusCondition(q.Status.Conditions, kueue.LocalQueueActive); {
	case c.Held:
		c.Warning = fmt.Sprintf("queue %s is held: what joins it waits until it is resumed", q.Name)
		c.Remedies = []api.Remedy{{Action: api.QueuesResume, Ref: q.Name, Purpose: "resume it"}}
	case active != nil && active.Status == metav1.ConditionFalse:
		c.Warning = fmt.Sprintf("queue %s admits nothing, because ClusterQueue %s is held or inactive: what joins it waits", q.Name, q.Spec.ClusterQueue)
		c.Remedies = []api.Remedy{{Action: api.QueuesList}}
	}
	return c
}

// held reports whether a stop policy prevents admission.
func held(p *kueue.StopPolicy) bool { return p != nil && *p != kueue.None }

// unknownQueue returns the NotFoundError for a queue that is not in list, the
// namespace's queues.
func unknownQueue(list []kueue.LocalQueue, ns, name string) error {
	e := &api.NotFoundError{Kind: "queue", Name: name, Namespace: ns}
	if len(list) == 0 {
		e.Hint = "the namespace has none"
		e.Remedies = []api.Remedy{{Action: api.ClusterSetup, Namespace: ns}}
		return e
	}
	e.Hint = "it has " + names(list)
	return e
}

// names returns the names of LocalQueues in order.
func names(list []kueue.LocalQueue) string {
	all := make([]string, len(list))
	for i := range list {
		all[i] = list[i].Name
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}
