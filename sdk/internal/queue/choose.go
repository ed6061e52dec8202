package queue

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/hint"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

const (
	// None is the name by which a task asks for no queue.
	None = "none"
	// kueueDefault is the LocalQueue into which Kueue itself puts Jobs that
	// name none.
	kueueDefault = "default"
)

// Choice is the queue that a task joins.
type Choice struct {
	// Queue is a LocalQueue of the task's namespace; empty is no queue.
	Queue string
	// ClusterQueue stands behind it; empty when it is not known.
	ClusterQueue string
	// Held: somebody holds the LocalQueue, so the task will wait until it is
	// resumed.
	Held bool
	// Warning is what the user should know about the choice; empty as a rule.
	Warning string
	// Unqueued: nobody has asked for no queue, but there is none. Hint is what
	// could be done about it. What that means for the task only its Job tells.
	Unqueued bool
	Hint     string
}

// Says is the line that the user should see, empty as a rule. unqueued is what
// becomes of what joins no queue.
func (c *Choice) Says(unqueued string) string {
	if c.Unqueued {
		return c.Warning + ": " + unqueued + "; " + c.Hint
	}
	return c.Warning
}

// Choose returns the LocalQueue of namespace ns that name means. Without a
// name it is "vast", else Kueue's own default, called "default"; a namespace
// that has only others is an InvalidSpecError that lists them, for none of them is
// ever chosen silently. "none" is no queue. A name that is not there is a
// NotFound. No Kueue, no LocalQueue and no right to list them are no queue
// with a warning, unless there is a name. It costs one request, whose answer is
// kept for a moment.
func (c *Client) Choose(ctx context.Context, ns, name string) (Choice, error) {
	return c.choices.Get(wanted{ns, name}, func() (Choice, error) { return c.choose(ctx, ns, name) })
}

func (c *Client) choose(ctx context.Context, ns, name string) (Choice, error) {
	list, err := c.localQueues(ctx, ns)
	switch {
	case isForbidden(err):
		return unseen(ns, name), nil
	case isNotInstalled(err):
		return withoutKueue(c.conn.Hint(), name)
	case err != nil:
		return Choice{}, err
	}
	return choose(c.conn.Hint().In(ns), list, ns, name)
}

// unseen is the choice of somebody who may not list LocalQueues.
func unseen(ns, name string) Choice {
	switch name {
	case "":
		return Choice{Unqueued: true, Warning: fmt.Sprintf("you may not list the queues of namespace %q", ns),
			Hint: "name a queue with --queue, or ask for the right to list " + localQueues}
	case None:
		return Choice{}
	}
	return Choice{Queue: name}
}

func withoutKueue(say hint.Target, name string) (Choice, error) {
	switch name {
	case "":
		return Choice{Unqueued: true, Warning: "the cluster has no Kueue", Hint: "see: " + say.Vast("cluster", "setup")}, nil
	case None:
		return Choice{}, nil
	}
	return Choice{}, &api.NotInstalledError{Message: fmt.Sprintf(
		"the cluster has no Kueue, and so no queue %q; see `%s`, or start without a queue: --queue none", name, say.Vast("cluster", "setup"))}
}

// choose is the rule itself.
func choose(say hint.Target, list []kueue.LocalQueue, ns, name string) (Choice, error) {
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
		return Choice{}, unknownQueue(say, list, ns, name)
	case name != "":
		return chosen(say, byName[name]), nil
	case byName[kube.LocalQueueName] != nil:
		return chosen(say, byName[kube.LocalQueueName]), nil
	case byName[kueueDefault] != nil:
		return chosen(say, byName[kueueDefault]), nil
	case len(list) == 0:
		return Choice{Unqueued: true, Warning: fmt.Sprintf("namespace %q has no queue", ns), Hint: "see: " + say.Vast("cluster", "setup")}, nil
	}
	if len(list) == 1 {
		return Choice{}, api.Invalid("--queue", "namespace %q has only queue %s, and it is not called %q: choose it with --queue %[2]s, or start without one: --queue none",
			ns, list[0].Name, kube.LocalQueueName)
	}
	return Choice{}, api.Invalid("--queue", "namespace %q has several queues and none of them is called %q: choose one of %s with --queue NAME, or start without one: --queue none",
		ns, kube.LocalQueueName, names(list))
}

// chosen is a queue of the namespace. One in which nothing starts is joined all the
// same: it keeps the task's place.
func chosen(say hint.Target, q *kueue.LocalQueue) Choice {
	c := Choice{Queue: q.Name, ClusterQueue: string(q.Spec.ClusterQueue), Held: held(q.Spec.StopPolicy)}
	switch active := meta.FindStatusCondition(q.Status.Conditions, kueue.LocalQueueActive); {
	case c.Held:
		c.Warning = fmt.Sprintf("queue %s is held: what joins it waits until it is resumed (%s)", q.Name, say.Vast("queue", "resume", q.Name))
	case active != nil && active.Status == metav1.ConditionFalse:
		c.Warning = fmt.Sprintf("queue %s lets nothing start, ClusterQueue %s is held or cannot work: what joins it waits; see: %s", q.Name, q.Spec.ClusterQueue, say.Vast("queue", "status"))
	}
	return c
}

// held reports a stop policy that lets nothing start.
func held(p *kueue.StopPolicy) bool { return p != nil && *p != kueue.None }

func unknownQueue(say hint.Target, list []kueue.LocalQueue, ns, name string) error {
	e := &api.NotFoundError{Kind: "queue", Name: name, Namespace: ns, Hint: "the namespace has none; see: " + say.Vast("cluster", "setup")}
	if len(list) > 0 {
		e.Hint = "it has " + names(list)
	}
	return e
}

// names lists LocalQueues by name, in order.
func names(list []kueue.LocalQueue) string {
	all := make([]string, len(list))
	for i := range list {
		all[i] = list[i].Name
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}
