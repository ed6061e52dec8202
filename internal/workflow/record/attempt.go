package record

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
)

// Attempt returns the objects of an attempt at a task, owned by the run. The objects of the
// first attempt contain its name and its id, which depend on the run; in those of a later
// one they are replaced. The ids of the attempts whose outputs it gets are filled in by the
// state of the run.
func (r *Reader) Attempt(run *Run, task string, number int) (*Objects, error) {
	data, err := r.raw(task)
	if err != nil {
		return nil, err
	}
	if number != 1 {
		for _, name := range []func(string, string, int) string{kube.StepName, kube.StepID} {
			data = bytes.ReplaceAll(data, []byte(name(run.ID, task, 1)), []byte(name(run.ID, task, number)))
		}
	}
	c := r.Campaigns[task]
	if c != nil {
		data = bytes.ReplaceAll(data, []byte(c.ID), []byte(c.Attempt(number)))
	}
	data = agentspec.FillAttempts(data, func(task string) string { return r.StoredID(run, task) })
	o := &Objects{}
	if err := json.Unmarshal(data, o); err != nil {
		return nil, err
	}
	own := func(m *metav1.ObjectMeta) { m.OwnerReferences = []metav1.OwnerReference{run.owner()} }
	for i := range o.Services {
		own(&o.Services[i].ObjectMeta)
	}
	for i := range o.ConfigMaps {
		own(&o.ConfigMaps[i].ObjectMeta)
		if c != nil {
			o.ConfigMaps[i].Annotations[kube.AnnotationAttempt] = strconv.Itoa(number)
		}
	}
	for i := range o.NetworkPolicies {
		own(&o.NetworkPolicies[i].ObjectMeta)
	}
	if o.Job != nil {
		own(&o.Job.ObjectMeta)
		o.Job.Annotations[kube.AnnotationAttempt] = strconv.Itoa(number)
	}
	return o, nil
}

// TaskID returns the id of the last attempt at a task, or of the one whose results it keeps;
// empty if there was none.
func (r *Run) TaskID(task string) string {
	t := r.State.Tasks[task]
	if t.Attempt == 0 {
		return ""
	}
	return kube.StepID(cmp.Or(t.Kept, r.ID), task, t.Attempt)
}

// StoredID returns the id under which the store has the results of a task: that of its
// campaign, or its TaskID.
func (s *Spec) StoredID(run *Run, task string) string {
	if c, n := s.Campaigns[task], run.State.Tasks[task].Attempt; c != nil && n > 0 {
		return c.Attempt(n)
	}
	return run.TaskID(task)
}

// Text returns the objects of the first attempt at a task as they are stored.
func (r *Reader) Text(task string) ([]byte, error) { return r.raw(task) }

// RenamedHosts returns the Hosts of a run as those of another one with the same
// specification.
func RenamedHosts(hosts, from, to string) string {
	if name, is := strings.CutSuffix(hosts, "-"+from); is {
		return name + "-" + to
	}
	return hosts
}

// Renamed returns the objects of the first attempt at a task as those of another run with the
// same specification, which has Secrets of its own, without owners.
func (r *Reader) Renamed(task, from, to string) (*Objects, error) {
	secrets := cmp.Or(r.Secrets, from)
	return r.renamed(task, from, to, [2]string{secretsOf(secrets), secretsOf(to)})
}

// Instance returns the objects of the first attempt at a task of a template as those of a run,
// without owners. They have the Secrets of the template.
func (r *Reader) Instance(task, template, run string) (*Objects, error) {
	// The ids by which scripts find their checkpoints are those of the run, too.
	bases := [][2]string{{kube.StepBase(template, task), kube.StepBase(run, task)}}
	if len(r.Workflow.Tasks) <= MaxSeries {
		for _, t := range r.Workflow.Tasks {
			bases = append(bases, [2]string{kube.StepBase(template, t.Name), kube.StepBase(run, t.Name)})
		}
	}
	return r.renamed(task, template, run, bases...)
}

// MaxSeries is the number of tasks of a pipeline or job group whose ids fit into a variable of
// each of them.
const MaxSeries = 100

// secretsOf is what the names of the Secrets of a run begin with.
func secretsOf(run string) string { return strings.TrimSuffix(kube.RunSecret(run, 0), "0") }

// renamed replaces the names that contain the id of a run, and other pairs of texts.
func (r *Reader) renamed(task, from, to string, others ...[2]string) (*Objects, error) {
	data, err := r.raw(task)
	if err != nil {
		return nil, err
	}
	for _, pair := range append([][2]string{
		{`"` + r.Hosts + `"`, `"` + RenamedHosts(r.Hosts, from, to) + `"`},
		{kube.StepName(from, task, 1), kube.StepName(to, task, 1)},
		{kube.StepID(from, task, 1), kube.StepID(to, task, 1)},
		{"/refs/" + from, "/refs/" + to},
		{`"` + from + `"`, `"` + to + `"`},
		{`\"` + from + `\"`, `\"` + to + `\"`}, // in orders, which are JSON in JSON
	}, others...) {
		data = bytes.ReplaceAll(data, []byte(pair[0]), []byte(pair[1]))
	}
	o := &Objects{}
	return o, json.Unmarshal(data, o)
}

// owner is the reference of a run's objects to the one with its state. It is no controller
// reference: Kueue looks up the controllers of a Job, and may not read ConfigMaps.
func (r *Run) owner() metav1.OwnerReference { return OwnerOf(r.Name, r.UID) }

// OwnerOf returns the reference to the ConfigMap with the state of a run.
func OwnerOf(name string, uid types.UID) metav1.OwnerReference {
	return metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: name, UID: uid}
}

// IsOwned reports whether an object belongs to the run.
func (r *Run) IsOwned(obj metav1.Object) bool {
	for _, ref := range obj.GetOwnerReferences() {
		if ref.UID == r.UID {
			return true
		}
	}
	return false
}

// Withdrawn returns the Job of an attempt that never executes: the one that an attempt's Job
// becomes when it is stopped while it is suspended. It takes the attempt's name, so that the
// attempt cannot be started any more.
func Withdrawn(job *batchv1.Job, user string, now time.Time) *batchv1.Job {
	out := job.DeepCopy()
	out.Labels, out.Annotations = maps.Clone(job.Labels), maps.Clone(job.Annotations)
	delete(out.Labels, kube.LabelQueue)
	delete(out.Labels, kube.LabelQueuePriority)
	out.Annotations[kube.AnnotationStoppedBy] = user
	out.Annotations[kube.AnnotationStoppedAt] = now.UTC().Format(time.RFC3339)
	out.Annotations[kube.AnnotationNodes] = strconv.Itoa(int(ptr.Deref(job.Spec.Completions, 1)))
	out.Spec.Suspend, out.Spec.Completions, out.Spec.Parallelism = ptr.To(true), ptr.To[int32](0), ptr.To[int32](0)
	return out
}
