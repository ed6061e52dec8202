package volume

import (
	"cmp"
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// Get returns one volume with the tasks that use it. It is *api.NotFoundError when
// neither a volume of the user nor a claim is called so, with a hint.
func (c *Client) Get(ctx context.Context, name string) (*api.VolumeStatus, error) {
	pvc, err := c.one(ctx, name)
	if err != nil {
		return nil, err
	}
	used, err := c.usage(ctx, pvc.Namespace)
	if err != nil {
		return nil, err
	}
	st := c.explained(ctx, pvc)
	st.UsedBy = used.of(pvc)
	return st, nil
}

// List returns the volumes that o chooses, oldest first, with the tasks that
// use them: the user's own unless AllUsers. States has no meaning here. It
// costs one request per 500 claims, pods and Jobs, however many volumes there
// are.
func (c *Client) List(ctx context.Context, o api.VolumeListOptions) (*api.VolumeStatusList, error) {
	out := &api.VolumeStatusList{TypeMeta: api.TypeMeta[api.VolumeStatusList](), Items: []api.VolumeStatus{}}
	if o.Ref != "" {
		if err := checkRef(o); err != nil {
			return nil, err
		}
		st, err := c.Get(ctx, o.Ref)
		if err == nil {
			out.Items = append(out.Items, *st)
		}
		return out, err
	}
	namespace, query, err := c.scope(ctx, o)
	if err != nil {
		return nil, err
	}
	all, err := c.list(ctx, namespace, query)
	if err != nil || len(all) == 0 {
		return out, err
	}
	used, err := c.usage(ctx, namespace)
	if err != nil {
		return nil, err
	}
	why := c.reasons(ctx, namespace, all)
	for _, pvc := range all {
		st := status(pvc)
		st.Reason, st.UsedBy = why.of(pvc), used.of(pvc)
		out.Items = append(out.Items, *st)
	}
	slices.SortStableFunc(out.Items, func(a, b api.VolumeStatus) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name))
	})
	return out, nil
}

// checkRef returns an error for options beside Ref.
func checkRef(o api.VolumeListOptions) error {
	if o != (api.VolumeListOptions{Ref: o.Ref}) {
		return api.Invalid("", "%q names one volume; set no other option", o.Ref)
	}
	return nil
}

// scope returns the namespace (empty: all) and the selector of the claims that o
// selects.
func (c *Client) scope(ctx context.Context, o api.VolumeListOptions) (namespace, query string, err error) {
	selector := labels.Set{kube.LabelKind: kube.KindVolume}
	if !o.AllUsers {
		user, err := c.conn.User(ctx)
		if err != nil {
			return "", "", err
		}
		selector[kube.LabelUser] = kube.LabelValue(user)
	}
	namespace = cmp.Or(o.Namespace, c.conn.Namespace)
	if o.AllNamespaces {
		namespace = ""
	}
	query = selector.String()
	if o.LabelSelector != "" {
		if _, err := labels.Parse(o.LabelSelector); err != nil {
			return "", "", api.Invalid("selector", "%v", err)
		}
		query += "," + o.LabelSelector
	}
	return namespace, query, nil
}

// explained is the status of a claim with its reason.
func (c *Client) explained(ctx context.Context, pvc *corev1.PersistentVolumeClaim) *api.VolumeStatus {
	st := status(pvc)
	st.Reason = c.reasons(ctx, pvc.Namespace, []*corev1.PersistentVolumeClaim{pvc}).of(pvc)
	return st
}

// status is the status of the claim itself.
func status(pvc *corev1.PersistentVolumeClaim) *api.VolumeStatus {
	st := &api.VolumeStatus{
		TypeMeta: api.TypeMeta[api.VolumeStatus](), ObjectMeta: *pvc.ObjectMeta.DeepCopy(),
		VolumeName: nameOf(pvc), User: ownerOf(pvc), Size: size(pvc), Phase: string(cmp.Or(pvc.Status.Phase, corev1.ClaimPending)),
	}
	st.ManagedFields = nil
	if pvc.Spec.StorageClassName != nil {
		st.StorageClass = *pvc.Spec.StorageClassName
	}
	for _, mode := range modes(pvc) {
		st.AccessModes = append(st.AccessModes, string(mode))
	}
	return st
}

// size is the capacity of the claim, or its request.
func size(pvc *corev1.PersistentVolumeClaim) string {
	q, ok := pvc.Status.Capacity[corev1.ResourceStorage]
	if !ok {
		q = pvc.Spec.Resources.Requests[corev1.ResourceStorage]
	}
	return q.String()
}

// modes are the access modes of the claim, or those that it requests.
func modes(pvc *corev1.PersistentVolumeClaim) []corev1.PersistentVolumeAccessMode {
	if len(pvc.Status.AccessModes) > 0 {
		return pvc.Status.AccessModes
	}
	return pvc.Spec.AccessModes
}
