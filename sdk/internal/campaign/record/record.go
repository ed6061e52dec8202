// Package record reads and changes the records of campaigns. A record describes a
// campaign: its runs, its image, its state. It is in a ConfigMap in the cluster,
// by which campaigns are found without the store, and in the store.
package record

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

const (
	// recordKey is the key of the record in its ConfigMap.
	recordKey = layout.RecordFile
	// maxRecord is how much of a record goes into a ConfigMap, which holds
	// 1 MiB at most and is read with every list of campaigns.
	maxRecord = 256 << 10
)

// ObjectName is the name of a campaign's ConfigMap.
func ObjectName(id string) string { return kube.DNSLabel(id, "campaign", 63) }

// RecordObject is the ConfigMap of a record.
func Object(r *layout.Record) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metav1.ObjectMeta{Name: ObjectName(r.ID), Namespace: r.Namespace,
			Labels: map[string]string{
				kube.LabelKind:      kube.KindCampaign,
				kube.LabelCampaign:  kube.LabelValue(r.ID),
				kube.LabelUser:      kube.LabelValue(r.User),
				kube.LabelManagedBy: kube.ManagedBy,
			},
			Annotations: map[string]string{kube.AnnotationCampaign: r.ID, kube.AnnotationUser: r.User},
		},
		Data: Data(r),
	}
}

// recordData leaves out of a very big record what is only in the store.
func Data(r *layout.Record) map[string]string {
	data := r.Marshal()
	if len(data) > maxRecord {
		small := *r
		small.Configs, small.Selected = nil, nil
		data = small.Marshal()
	}
	return map[string]string{recordKey: string(data)}
}

// FromObject reads the record of a ConfigMap that RecordObject made.
func FromObject(m *corev1.ConfigMap) (*layout.Record, error) {
	if m.Labels[kube.LabelKind] != kube.KindCampaign {
		return nil, &api.ConflictError{Message: fmt.Sprintf("the ConfigMap %q in namespace %q is no campaign's", m.Name, m.Namespace)}
	}
	where := fmt.Sprintf("ConfigMap %q in namespace %q", m.Name, m.Namespace)
	r, err := layout.ParseRecord([]byte(m.Data[recordKey]))
	if err != nil {
		return nil, &api.ConflictError{Message: fmt.Sprintf("%s: %v", where, err)}
	}
	if err := r.Belongs(m.Annotations[kube.AnnotationCampaign], m.Namespace, where); err != nil {
		return nil, err
	}
	if CheckID(r.ID) != nil || m.Name != ObjectName(r.ID) || m.Labels[kube.LabelCampaign] != kube.LabelValue(r.ID) {
		return nil, &api.ConflictError{Message: fmt.Sprintf("%s has the record of campaign %.80q, but neither its name nor its label: it was changed or copied there, and is not used", where, r.ID)}
	}
	r.UID = string(m.UID)
	return r, nil
}

// record returns the cluster's copy of a campaign's record, and its ConfigMap.
func (c *Client) Get(ctx context.Context, id string) (*layout.Record, *corev1.ConfigMap, error) {
	m, err := c.Conn.Kube.CoreV1().ConfigMaps(c.Conn.Namespace).Get(ctx, ObjectName(id), metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil, c.notFound(id)
	case err != nil:
		return nil, nil, c.Conn.Classify(err, "get", "configmaps")
	}
	r, err := FromObject(m)
	if err == nil {
		err = r.Belongs(id, c.Conn.Namespace, fmt.Sprintf("ConfigMap %q", m.Name))
	}
	if err != nil {
		return nil, nil, err
	}
	return r, m, nil
}

// Stored returns the store's copy of a campaign's record. One that is not there
// is *api.NotFoundError, one of something else *api.ConflictError.
func (c *Client) Stored(ctx context.Context, b store.Backend, id string) (*layout.Record, error) {
	data, err := ReadObject(ctx, b, layout.RecordKey(id))
	if err != nil {
		return nil, err
	}
	r, err := layout.ParseRecord(data)
	if err != nil {
		return nil, &api.ConflictError{Message: fmt.Sprintf("campaign %s: the store's copy: %v", id, err)}
	}
	return r, r.Belongs(id, c.Conn.Namespace, "the store's copy")
}

func (c *Client) notFound(id string) error {
	if kube.IsTaskID(id) {
		return &api.NotFoundError{Kind: "campaign", Name: id, Namespace: c.Conn.Namespace,
			Hint: "it may be the id of a task", Remedies: []api.Remedy{{Action: api.TasksGet, Ref: id}}}
	}
	return &api.NotFoundError{Kind: "campaign", Name: id, Namespace: c.Conn.Namespace,
		Remedies: []api.Remedy{{Action: api.CampaignsList, Options: []string{"AllUsers"}}, {Options: []string{"Namespace"}, Purpose: "name another namespace"}}}
}

// SecretName is the name of a campaign's Secret.
func SecretName(id string) string { return ObjectName(id) }

// What several of the packages below campaign use.
const (
	// JobsResource is the resource of Jobs in requests and in messages.
	JobsResource = "jobs.batch"
	// AtOnce is how many Jobs or objects are created, changed or read at a time.
	// The API server reports by itself when that is too much.
	AtOnce = 32
)
