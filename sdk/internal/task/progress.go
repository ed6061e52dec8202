package task

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// leasesResource is how rights name what shows the progress.
const leasesResource = "leases.coordination.k8s.io"

// progressSelector selects the Leases by which the pods of tasks tell how far
// they are.
var progressSelector = labels.Set{kube.LabelKind: kube.KindProgress}

// told is what a task's pods told last, by the task. Of several nodes the
// lowest rank that told any speaks for the task.
type told map[taskKey]nodeProgress

type taskKey struct{ namespace, id string }

type nodeProgress struct {
	rank int
	api.Progress
}

// add reads a Lease. One that cannot be read tells nothing: whoever may write
// Leases can write nonsense.
func (t told) add(lease *coordinationv1.Lease) {
	id := lease.Labels[kube.LabelTaskID]
	p := nodeProgress{rank: rankOfLease(lease.Name, id)}
	if id == "" || json.Unmarshal([]byte(lease.Annotations[kube.AnnotationProgress]), &p.Progress) != nil {
		return
	}
	key := taskKey{lease.Namespace, id}
	have, known := t[key]
	// A pod that replaced another one of its rank has told later.
	if !known || cmp.Or(cmp.Compare(p.rank, have.rank), have.Time.Compare(p.Time.Time)) < 0 {
		t[key] = p
	}
}

// rankOfLease is the rank of the pod that a Lease is named like:
// "<job>-<rank>-<random>", where the Job's name ends in the task's id.
func rankOfLease(name, id string) int {
	_, rest, _ := strings.Cut(name, id+"-")
	text, _, _ := strings.Cut(rest, "-")
	rank, _ := strconv.Atoi(text) // the first node, where it is not known
	return rank
}

// fill puts the progress into a task whose diagnosis, if it has one, is known.
func (t told) fill(s *api.TaskStatus) {
	if p, ok := t[taskKey{s.Namespace, s.ID}]; ok && s.Kept != "" {
		s.Progress = &p.Progress
		reject(s)
	}
}

// reject applies the rule by which a task is Rejected: its process ended by
// itself, with whatever exit code, and the last that it told is "rejected".
func reject(s *api.TaskStatus) {
	byItself := s.State == api.Succeeded ||
		s.State == api.Failed && s.Diagnosis != nil && s.Diagnosis.Cause == api.CauseExit
	if s.Progress == nil || s.Progress.Status != api.StatusRejected || !byItself {
		return
	}
	s.State = api.Rejected
	s.Reason = cmp.Or(s.Progress.Message, "its input was rejected")
	s.Diagnosis = nil // nothing failed
}

// keeps reports a task of which progress may be known.
func keeps(s *api.TaskStatus) bool {
	return s.Kept != "" && s.State != api.Queued
}

// progress reads what the pods of the selected tasks told. Who may not read
// Leases gets none, and one warning: progress is worth no error.
func (c *Client) progress(ctx context.Context, namespace string, set labels.Set) told {
	t := told{}
	err := each(ctx, metav1.ListOptions{LabelSelector: selector(progressSelector, set)}, t.add,
		func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			list, err := c.conn.Kube.CoordinationV1().Leases(namespace).List(ctx, o)
			return list, c.conn.Classify(err, "list", leasesResource)
		})
	if err != nil && ctx.Err() == nil {
		c.conn.Warn(fmt.Sprintf("the progress of tasks is not shown: %v", err))
	}
	return t
}
