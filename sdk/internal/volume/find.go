package volume

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// pageSize is the number of objects per list request.
const pageSize = 500

// eachPage lists objects page by page.
func eachPage[T runtime.Object](ctx context.Context, o metav1.ListOptions,
	list func(context.Context, metav1.ListOptions) (T, error), visit func(runtime.Object)) error {
	p := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return list(ctx, o) })
	p.PageSize = pageSize
	return p.EachListItem(ctx, o, func(obj runtime.Object) error {
		visit(obj)
		return nil
	})
}

// list returns the claims of a namespace (empty: of all).
func (c *Client) list(ctx context.Context, namespace, selector string) ([]*corev1.PersistentVolumeClaim, error) {
	var out []*corev1.PersistentVolumeClaim
	err := eachPage(ctx, metav1.ListOptions{LabelSelector: selector}, c.conn.Kube.CoreV1().PersistentVolumeClaims(namespace).List,
		func(obj runtime.Object) {
			if pvc, ok := obj.(*corev1.PersistentVolumeClaim); ok {
				out = append(out, pvc)
			}
		})
	return out, c.conn.Classify(err, "list", claims)
}

// isOurs reports whether kubevast created the claim.
func isOurs(pvc *corev1.PersistentVolumeClaim) bool {
	return pvc.Labels[kube.LabelKind] == kube.KindVolume
}

// nameOf returns the user's name of the volume.
func nameOf(pvc *corev1.PersistentVolumeClaim) string {
	if name := pvc.Annotations[kube.AnnotationVolume]; isOurs(pvc) && name != "" {
		return name
	}
	return pvc.Name
}

// ownerOf returns the user who created the volume; empty for a claim that kubevast did
// not create.
func ownerOf(pvc *corev1.PersistentVolumeClaim) string {
	if !isOurs(pvc) {
		return ""
	}
	return pvc.Annotations[kube.AnnotationUser]
}

// find returns the claims that name may mean: the user's volumes of that name, or
// else the claim with that name.
func find(all []*corev1.PersistentVolumeClaim, name, user string) []*corev1.PersistentVolumeClaim {
	var own, literal []*corev1.PersistentVolumeClaim
	for _, pvc := range all {
		switch {
		case isOurs(pvc) && ownerOf(pvc) == user && nameOf(pvc) == name:
			own = append(own, pvc)
		case pvc.Name == name:
			literal = append(literal, pvc)
		}
	}
	if len(own) > 0 {
		return own
	}
	return literal
}

// elsewhere returns where else a volume that was not found may be.
func elsewhere(all []*corev1.PersistentVolumeClaim, name, user string) (string, []api.Remedy) {
	var names []string
	for _, pvc := range all {
		if isOurs(pvc) && ownerOf(pvc) != user {
			if nameOf(pvc) == name {
				return fmt.Sprintf("%s has a volume of that name; its claim is %q", ownerOf(pvc), pvc.Name), nil
			}
			names = append(names, pvc.Name)
			continue
		}
		names = append(names, nameOf(pvc))
	}
	if near := text.Nearest(name, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near), nil
	}
	if len(names) == 0 {
		return "there are no volumes", []api.Remedy{{Action: api.VolumesCreate, Purpose: "create one"}}
	}
	return "", []api.Remedy{{Action: api.VolumesList, Namespace: "*", Options: []string{"AllNamespaces"}}}
}

// one returns the claim that ref names. After a type, ref has the claim's own name.
func (c *Client) one(ctx context.Context, text string) (*corev1.PersistentVolumeClaim, error) {
	ref, err := kube.ParseRef(text, kube.RefVolume, kube.RefClaim)
	if err != nil {
		return nil, err
	}
	name := ref.Name
	user, err := c.conn.User(ctx)
	if err != nil {
		return nil, err
	}
	all, err := c.list(ctx, c.conn.Namespace, "")
	if err != nil {
		return nil, err
	}
	if ref.Kind != "" {
		if i := slices.IndexFunc(all, func(pvc *corev1.PersistentVolumeClaim) bool { return pvc.Name == name }); i >= 0 {
			return all[i], nil
		}
	}
	found := find(all, name, user)
	if ref.Kind == kube.RefClaim {
		found = nil // no claim has that name
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		hint, remedies := elsewhere(all, name, user)
		return nil, &api.NotFoundError{Kind: "volume", Name: name, Namespace: c.conn.Namespace, Hint: hint, Remedies: remedies}
	default:
		return nil, &api.ConflictError{Message: several(name, found)}
	}
}

func several(name string, found []*corev1.PersistentVolumeClaim) string {
	names := make([]string, len(found))
	for i, pvc := range found {
		names[i] = pvc.Name
	}
	return fmt.Sprintf("volume %q has several claims: %s; name one of those", name, strings.Join(names, ", "))
}
