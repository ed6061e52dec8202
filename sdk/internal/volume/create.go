package volume

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

const (
	// labelSkyPilot is the label by which SkyPilot finds a claim for use_existing.
	labelSkyPilot = "skypilot-name"

	annotationDefaultClass = "storageclass.kubernetes.io/is-default-class"
)

// Create creates the claim of a volume and returns its status, usually Pending. The
// file's namespace overrides the client's. If the user already has a volume of that
// name, or if the namespace has a claim of that name that kubevast did not create, it
// returns a *api.ConflictError; if another user's volume has the claim's name, the
// claim gets a longer one.
//
// With UseExisting nothing is created or changed: it returns the claim of that name,
// or the one whose label skypilot-name has that value.
func (c *Client) Create(ctx context.Context, v *spec.Volume, o api.VolumeCreateOptions) (*api.VolumeStatus, error) {
	user, err := c.conn.User(ctx)
	if err != nil {
		return nil, err
	}
	if err := api.JoinInvalid(o.DryRun.Check(), check(v, c.conn.Context)); err != nil {
		return nil, err
	}
	if v.UseExisting {
		return c.existing(ctx, v, user)
	}
	pvc, err := c.claim(v, user)
	if err != nil {
		return nil, err
	}
	if v.CleanupOnDeletion != nil {
		c.conn.Warn("config.cleanup_on_deletion is ignored: the reclaim policy of the StorageClass decides what becomes of the data")
	}
	if err := c.isFree(ctx, pvc); err != nil {
		return nil, err
	}
	if err := c.checkClass(ctx, v); err != nil {
		return nil, err
	}
	if !o.DryRun.Sends() {
		return status(pvc), nil
	}
	made, err := c.create(ctx, pvc, o)
	if err != nil {
		return nil, err
	}
	return c.explained(ctx, made), nil
}

// isFree returns a ConflictError if the user already has a volume of that name.
func (c *Client) isFree(ctx context.Context, pvc *corev1.PersistentVolumeClaim) error {
	selector := metav1.LabelSelector{MatchLabels: map[string]string{}}
	for _, key := range []string{kube.LabelKind, kube.LabelUser, kube.LabelVolume} {
		selector.MatchLabels[key] = pvc.Labels[key]
	}
	all, err := c.list(ctx, pvc.Namespace, metav1.FormatLabelSelector(&selector))
	if err != nil || len(all) == 0 {
		return err
	}
	return taken(all[0])
}

func taken(pvc *corev1.PersistentVolumeClaim) error {
	return &api.ConflictError{Message: fmt.Sprintf(
		"you have a volume %q in namespace %q already: claim %q, %s; delete it first, or choose another name",
		nameOf(pvc), pvc.Namespace, pvc.Name, size(pvc))}
}

// create tries the two names that a claim may have. Each belongs to one owner, so a
// repeated call finds its own claim and never creates a second one.
func (c *Client) create(ctx context.Context, pvc *corev1.PersistentVolumeClaim, o api.VolumeCreateOptions) (*corev1.PersistentVolumeClaim, error) {
	opts := metav1.CreateOptions{DryRun: o.DryRun.Param(), FieldManager: o.FieldManager}
	client := c.conn.Kube.CoreV1().PersistentVolumeClaims(pvc.Namespace)
	name, user := pvc.Annotations[kube.AnnotationVolume], pvc.Annotations[kube.AnnotationUser]
	for {
		made, err := client.Create(ctx, pvc, opts)
		if err == nil || !apierrors.IsAlreadyExists(err) {
			return made, c.conn.Classify(err, "create", claims)
		}
		there, err := client.Get(ctx, pvc.Name, metav1.GetOptions{})
		second := secondName(name, user)
		switch {
		case apierrors.IsNotFound(err):
			continue // it was deleted this moment
		case err != nil:
			return nil, c.conn.Classify(err, "get", claims)
		case isOurs(there) && ownerOf(there) == user && nameOf(there) == name:
			return nil, taken(there)
		case !isOurs(there):
			return nil, &api.ConflictError{Message: fmt.Sprintf(
				"a claim %q that kubevast did not create is in namespace %q already; use it with use_existing: true, or choose another name",
				there.Name, there.Namespace)}
		case pvc.Name == second:
			return nil, &api.ConflictError{Message: fmt.Sprintf("claims %q and %q belong to other volumes; choose another name", claimName(name), second)}
		}
		pvc.Name = second
	}
}

// existing returns the claim that use_existing names.
func (c *Client) existing(ctx context.Context, v *spec.Volume, user string) (*api.VolumeStatus, error) {
	all, err := c.list(ctx, c.namespace(v), "")
	if err != nil {
		return nil, err
	}
	found := find(all, v.Name, user)
	if len(found) == 0 {
		for _, pvc := range all {
			if pvc.Labels[labelSkyPilot] == v.Name {
				found = append(found, pvc)
			}
		}
	}
	switch len(found) {
	case 0:
		hint, remedies := elsewhere(all, v.Name, user)
		return nil, &api.NotFoundError{Kind: "claim", Name: v.Name, Namespace: c.namespace(v), Hint: hint, Remedies: remedies}
	case 1:
		return c.explained(ctx, found[0]), nil
	default:
		return nil, &api.ConflictError{Message: several(v.Name, found)}
	}
}

// checkClass returns an error for a StorageClass that does not exist, and warns if
// the volume names none and there is no default. It checks nothing if the caller may
// not list StorageClasses.
func (c *Client) checkClass(ctx context.Context, v *spec.Volume) error {
	classes, err := c.classes(ctx)
	if err != nil || classes == nil {
		return err
	}
	names := make([]string, 0, len(classes))
	standard := false
	for name, class := range classes {
		names = append(names, name)
		standard = standard || isDefault(class)
	}
	slices.Sort(names)
	there := "the cluster has none"
	if len(names) > 0 {
		there = "there are " + strings.Join(names, ", ")
	}
	if v.StorageClass == "" {
		if !standard {
			c.conn.Warn("the cluster has no default StorageClass, so the volume may stay Pending; name one with config.storage_class_name (" + there + ")")
		}
		return nil
	}
	if _, ok := classes[v.StorageClass]; ok {
		return nil
	}
	if near := text.Nearest(v.StorageClass, names); near != "" {
		there = fmt.Sprintf("did you mean %q?", near)
	}
	return &api.InvalidSpecError{Problems: []api.Problem{{File: v.Source.File, Line: v.Source.Line,
		Path: "config.storage_class_name", Message: fmt.Sprintf("the cluster has no StorageClass %q; %s", v.StorageClass, there)}}}
}

// classes returns the StorageClasses by name; nil if the caller may not list them.
func (c *Client) classes(ctx context.Context) (map[string]*storagev1.StorageClass, error) {
	list, err := c.conn.Kube.StorageV1().StorageClasses().List(ctx, metav1.ListOptions{})
	err = c.conn.Classify(err, "list", "storageclasses.storage.k8s.io")
	if forbidden := (*api.ForbiddenError)(nil); errors.As(err, &forbidden) {
		return nil, nil // no answer is no error here
	}
	if err != nil {
		return nil, err
	}
	out := make(map[string]*storagev1.StorageClass, len(list.Items))
	for i := range list.Items {
		out[list.Items[i].Name] = &list.Items[i]
	}
	return out, nil
}

func isDefault(class *storagev1.StorageClass) bool {
	return class.Annotations[annotationDefaultClass] == "true"
}
