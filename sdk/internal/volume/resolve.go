package volume

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// Mount is one volume of a task, resolved to a claim.
type Mount struct {
	// Path is where it is mounted, SubPath the mounted directory of the volume.
	Path, SubPath string
	// Claim is the PersistentVolumeClaim; empty for an ephemeral volume.
	Claim string
	// ReadOnly is true for a claim that can only be read.
	ReadOnly bool
	// Ephemeral is a volume that each pod of the task gets for itself, and that is
	// deleted with the pod.
	Ephemeral *spec.Volume
	// Warning is for the user; usually empty.
	Warning string
}

// Resolve finds the claims of a task's volumes in the client's namespace: by the
// user's name of a volume, then by the claim's own name. It returns all problems at
// once as *api.InvalidSpecError, each with its place in the file. It costs one request
// for all volumes, and none for a task that mounts no claim.
func (c *Client) Resolve(ctx context.Context, t *spec.Task, user string) ([]Mount, error) {
	var all []*corev1.PersistentVolumeClaim
	if slices.ContainsFunc(t.Volumes, func(m spec.VolumeMount) bool { return m.Ephemeral == nil }) {
		var err error
		if all, err = c.list(ctx, c.conn.Namespace, ""); err != nil {
			return nil, err
		}
	}
	return resolve(all, t, user, c.conn.Namespace)
}

func resolve(all []*corev1.PersistentVolumeClaim, t *spec.Task, user, namespace string) ([]Mount, error) {
	var mounts []Mount
	bad := &api.InvalidSpecError{}
	for _, m := range t.Volumes {
		mount := Mount{Path: m.Path, SubPath: m.SubPath, Ephemeral: m.Ephemeral}
		var problem string
		var remedies []api.Remedy
		if m.Ephemeral != nil {
			if m.Ephemeral.Type == hostPathType {
				return nil, &api.NotSupportedError{Message: fmt.Sprintf(
					"volumes.%s: a directory of the node (k8s-hostpath) cannot be mounted; use a volume of type k8s-pvc", m.Path)}
			}
			problem = checkEphemeral(m.Ephemeral)
		} else {
			problem, remedies = mount.resolve(all, m.Volume, user, namespace, t.NumNodes)
		}
		if problem != "" {
			bad.Problems = append(bad.Problems, api.Problem{File: t.Source.File, Line: m.Line, Column: m.Column,
				Path: "volumes." + m.Path, Message: problem, Remedies: remedies})
		}
		mounts = append(mounts, mount)
	}
	if len(bad.Problems) > 0 {
		return nil, bad
	}
	return mounts, nil
}

// checkEphemeral returns what is wrong with an ephemeral volume. Its access mode does
// not matter, because each pod gets a volume of its own.
func checkEphemeral(v *spec.Volume) string {
	if v.Size == nil || v.Size.Sign() <= 0 {
		return "an ephemeral volume needs a size, for example size: 10Gi"
	}
	return ""
}

// resolve sets the claim that name means. It returns what is wrong, and what to do
// about it.
func (m *Mount) resolve(all []*corev1.PersistentVolumeClaim, name, user, namespace string, nodes int) (string, []api.Remedy) {
	found := find(all, name, user)
	switch len(found) {
	case 0:
		problem := fmt.Sprintf("volume %q not found in namespace %q", name, namespace)
		hint, remedies := elsewhere(all, name, user)
		if hint != "" {
			problem += ": " + hint
		}
		return problem, remedies
	case 1:
	default:
		return several(name, found), nil
	}
	return m.use(found[0], name, nodes), nil
}

// use sets the claim of a mount, and returns why it cannot be mounted, if so.
func (m *Mount) use(pvc *corev1.PersistentVolumeClaim, name string, nodes int) string {
	m.Claim = pvc.Name
	switch {
	case pvc.DeletionTimestamp != nil:
		return fmt.Sprintf("volume %q is being deleted", name)
	case pvc.Status.Phase == corev1.ClaimLost:
		return fmt.Sprintf("volume %q is lost: its PersistentVolume %q is gone", name, pvc.Spec.VolumeName)
	}
	has := modes(pvc)
	writable := slices.Contains(has, corev1.ReadWriteMany)
	readable := slices.Contains(has, corev1.ReadOnlyMany)
	single := slices.Contains(has, corev1.ReadWriteOnce) || slices.Contains(has, corev1.ReadWriteOncePod)
	m.ReadOnly = readable && !writable && (!single || nodes > 1)
	if nodes > 1 && !writable && !readable {
		return fmt.Sprintf("volume %q cannot be shared by %d nodes: it is %s, and they need ReadWriteMany (or ReadOnlyMany); "+
			"create a volume with access_mode: ReadWriteMany, or set num_nodes: 1", name, nodes, words(has))
	}
	if m.ReadOnly {
		m.Warning = fmt.Sprintf("volume %q is mounted read-only at %s: it is %s", name, m.Path, words(has))
	}
	return ""
}

func words(modes []corev1.PersistentVolumeAccessMode) string {
	out := make([]string, len(modes))
	for i, m := range modes {
		out[i] = string(m)
	}
	return strings.Join(out, ", ")
}
