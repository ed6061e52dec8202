package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/cluster/desired"
)

// recordKey is the key of the record in the ConfigMap.
const recordKey = kube.SetupKey

// record is what a setup was asked to make. It is written before anything else
// is, so that whatever comes about can be found and taken back. It holds no
// credentials, and nothing that changes from one setup to the next.
type record struct {
	Config  string            `json:"config"`
	Options map[string]string `json:"options,omitempty"`
	Store   storeRecord       `json:"store"`
	// Kueue is what older versions recorded here. It is not believed: see shared.go.
	Kueue kueueRecord `json:"kueue,omitzero"`
}

type storeRecord struct {
	Kind api.StoreKind `json:"kind"`
	// Image that was asked for; empty is that of this program, so that a
	// newer one brings a newer store. It is taken from shared.go's record.
	Image    string `json:"image,omitempty"`
	Endpoint string `json:"endpoint,omitempty"`
	Secret   string `json:"secret,omitempty"`
	Bucket   string `json:"bucket,omitempty"`
	Region   string `json:"region,omitempty"`
	// Plain is a built-in store without TLS, as was asked for.
	Plain bool `json:"plain,omitempty"`
	// ReaderSecret is the Secret with the readers' credentials of an external one.
	ReaderSecret string `json:"readerSecret,omitempty"`
}

// image of the built-in store.
func (s storeRecord) image() string { return cmp.Or(s.Image, storeImage) }

type kueueRecord struct {
	Image string `json:"image,omitempty"`
}

// object is the ConfigMap of a record.
func (r record) object(namespace string) *corev1.ConfigMap {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		panic(err) // a record has nothing that JSON has not
	}
	return &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metav1.ObjectMeta{Name: kube.SetupName, Namespace: namespace, Labels: desired.Labels(desired.ComponentSetup)},
		Data:       map[string]string{recordKey: string(data)},
	}
}

func parseRecord(m *corev1.ConfigMap) (*record, error) {
	r := &record{}
	if m.Labels[kube.LabelManagedBy] != kube.ManagedBy {
		return nil, &api.ConflictError{Message: fmt.Sprintf("the ConfigMap %q in namespace %q was not made by kubevast; rename it, or use another namespace",
			m.Name, m.Namespace)}
	}
	if err := json.Unmarshal([]byte(m.Data[recordKey]), r); err != nil {
		return nil, &api.ConflictError{Message: fmt.Sprintf(
			"the record of the setup cannot be read (ConfigMap %q in namespace %q: %v)",
			m.Name, m.Namespace, err), Remedies: []api.Remedy{
			{Action: api.KubectlAction("delete configmap"), Ref: m.Name, Namespace: m.Namespace},
			{Action: api.ClusterSetup, Namespace: m.Namespace, Then: true}}}
	}
	return r, nil
}

// readRecord returns the namespace's record; nil when nothing was set up.
func (c *Client) readRecord(ctx context.Context) (*record, *corev1.ConfigMap, error) {
	m, err := c.conn.Kube.CoreV1().ConfigMaps(c.conn.Namespace).Get(ctx, kube.SetupName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, c.conn.Classify(err, "get", "configmaps")
	}
	r, err := parseRecord(m)
	return r, m, err
}

// recordedNamespaces returns the namespaces besides ours that have a record.
func (c *Client) recordedNamespaces(ctx context.Context) ([]string, error) {
	var found []string
	err := c.listAll(ctx, "configmaps", func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		o.LabelSelector = metav1.FormatLabelSelector(&metav1.LabelSelector{MatchLabels: desired.Labels(desired.ComponentSetup)})
		return c.conn.Kube.CoreV1().ConfigMaps(metav1.NamespaceAll).List(ctx, o)
	}, func(obj runtime.Object) {
		m := obj.(*corev1.ConfigMap)
		if _, ofNamespace := m.Data[recordKey]; ofNamespace && m.Name == kube.SetupName && m.Namespace != c.conn.Namespace && m.DeletionTimestamp == nil {
			found = append(found, m.Namespace)
		}
	})
	return found, err
}
