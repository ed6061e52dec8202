package record

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
)

// Template is what the runs of a schedule are made from: a workflow that was submitted
// completely but for the run. It is an immutable ConfigMap that has the name of a run's, and
// owns a specification and Secrets as a run does. The CronJob of the schedule owns it, and so
// does each run that was made from it: it is deleted with the last of them.
type Template struct {
	// Run is what the runs are; its ID is that of the template.
	Run New `json:"run"`
	// Driver is the Job that drives a run, as that of the template.
	Driver *batchv1.Job `json:"driver"`
	// Parts is the number of parts of the specification.
	Parts int `json:"parts"`
	// UID and Owners are those of the ConfigMap.
	UID    types.UID               `json:"-"`
	Owners []metav1.OwnerReference `json:"-"`
}

// templateKey is that of the data of a template.
const templateKey = "template"

// Object returns the ConfigMap of a template that a CronJob owns.
func (t *Template) Object(cronJob metav1.OwnerReference) (*corev1.ConfigMap, error) {
	data, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	meta := t.Run.Meta(kube.KindTemplate, kube.RunName(t.Run.ID), "")
	meta.OwnerReferences = []metav1.OwnerReference{cronJob}
	meta.Annotations = map[string]string{kube.AnnotationWorkflow: t.Run.Workflow, kube.AnnotationUser: t.Run.User, kube.AnnotationSchedule: t.Run.Schedule}
	return &corev1.ConfigMap{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, ObjectMeta: meta,
		Immutable: ptr.To(true), Data: map[string]string{templateKey: string(data)}}, nil
}

// TemplateOf reads a template. It returns an error for a ConfigMap that is not one.
func TemplateOf(cm *corev1.ConfigMap) (*Template, error) {
	t := &Template{UID: cm.UID, Owners: cm.OwnerReferences}
	if err := json.Unmarshal([]byte(cm.Data[templateKey]), t); err != nil || cm.Labels[kube.LabelKind] != kube.KindTemplate ||
		cm.Name != kube.RunName(t.Run.ID) || t.Driver == nil || t.Parts < 1 {
		return nil, fmt.Errorf("ConfigMap %q is not the template of a schedule", cm.Name)
	}
	return t, nil
}

// Instance returns the run of an id that is made from the template, and the Job that drives
// it, which the run owns. The owner is set by Meta.
func (t *Template) Instance(id string) (New, *batchv1.Job, error) {
	n := t.Run
	n.ID, n.Template = id, t.Run.ID
	text, err := json.Marshal(t.Driver)
	if err != nil {
		return n, nil, err
	}
	text = []byte(strings.NewReplacer(
		strconv.Quote(kube.RunDriver(t.Run.ID)), strconv.Quote(kube.RunDriver(id)),
		strconv.Quote(t.Run.ID), strconv.Quote(id)).Replace(string(text)))
	job := &batchv1.Job{}
	return n, job, json.Unmarshal(text, job)
}

// PartOf returns the data of a part of the specification. It returns an error for a ConfigMap
// that is not one.
func (t *Template) PartOf(cm *corev1.ConfigMap) ([]byte, error) {
	return (&Run{ID: t.Run.ID, UID: t.UID}).PartOf(cm)
}

// Instances returns the specification of a run of the template, whose objects are named as
// those of the run.
func (t *Template) Instances(r *Reader, id string) ([][]byte, error) {
	var w Writer
	for _, task := range r.Workflow.Tasks {
		objects, err := r.Instance(task.Name, t.Run.ID, id)
		if err != nil {
			return nil, err
		}
		if err := w.Add(objects); err != nil {
			return nil, err
		}
	}
	s := r.Spec
	s.Hosts, s.Secrets = RenamedHosts(r.Hosts, t.Run.ID, id), t.Run.ID
	return w.Parts(s)
}

// HostService returns the headless Service of a job group's host names. It has no selector:
// the driver writes its endpoints.
func (n New) HostService(name string, owner types.UID) *corev1.Service {
	return &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: n.Meta(kube.KindWorkflowPart, name, owner),
		Spec:       corev1.ServiceSpec{ClusterIP: corev1.ClusterIPNone, PublishNotReadyAddresses: true},
	}
}
