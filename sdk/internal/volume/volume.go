// Package volume manages the PersistentVolumeClaims that tasks mount.
//
// A volume is a claim with our labels. It is found by the name that its user gave it,
// or by its claim's name. Other claims are found by their own names and can be
// mounted, but are never deleted.
package volume

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/rules"
	"github.com/kubevast/vast/sdk/spec"
)

const (
	claims       = "persistentvolumeclaims"
	hostPathType = "k8s-hostpath"

	// maxClaim leaves room for a hash in a name of 63 characters.
	maxClaim = 63 - len("-12345678")
)

// Client implements sdk.Volume.
type Client struct{ conn *access.Conn }

// New returns a client over conn. It contacts no server.
func New(conn *access.Conn) *Client { return &Client{conn: conn} }

// Render returns the claim that Create would create if no other claim had its
// name. It needs no cluster. It returns *api.InvalidSpecError with all problems.
func (c *Client) Render(v *spec.Volume) (runtime.Object, error) {
	if v.UseExisting {
		return nil, &api.NotSupportedError{Message: fmt.Sprintf(
			"volume %q uses an existing claim (use_existing): nothing would be created", v.Name)}
	}
	return c.claim(v, c.conn.OfflineUser())
}

// claim returns the claim of a volume.
func (c *Client) claim(v *spec.Volume, user string) (*corev1.PersistentVolumeClaim, error) {
	if err := check(v, c.conn.Context); err != nil {
		return nil, err
	}
	pvc := &corev1.PersistentVolumeClaim{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaim"},
		ObjectMeta: metav1.ObjectMeta{
			Name: claimName(v.Name), Namespace: c.namespace(v), Labels: map[string]string{},
			Annotations: map[string]string{kube.AnnotationVolume: v.Name, kube.AnnotationUser: user},
		},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: modesOf(v),
			Resources: corev1.VolumeResourceRequirements{
				Requests: corev1.ResourceList{corev1.ResourceStorage: *v.Size}},
		},
	}
	maps.Copy(pvc.Labels, v.Labels)
	maps.Copy(pvc.Labels, map[string]string{
		kube.LabelKind: kube.KindVolume, kube.LabelVolume: kube.LabelValue(v.Name), kube.LabelUser: kube.LabelValue(user)})
	if v.StorageClass != "" {
		pvc.Spec.StorageClassName = &v.StorageClass
	}
	return pvc, nil
}

// claimName returns the name of the claim, unless another user's volume has it.
func claimName(name string) string { return kube.DNSLabel(name, "volume", maxClaim) }

// secondName returns the name of the claim if another user's volume has the first one.
func secondName(name, user string) string {
	return claimName(name) + "-" + kube.DerivedID("volume", user, name)
}

func (c *Client) namespace(v *spec.Volume) string {
	if v.Namespace != "" {
		return v.Namespace
	}
	return c.conn.Namespace
}

func modesOf(v *spec.Volume) []corev1.PersistentVolumeAccessMode {
	if len(v.AccessModes) == 0 {
		return []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	}
	modes := make([]corev1.PersistentVolumeAccessMode, len(v.AccessModes))
	for i, m := range v.AccessModes {
		modes[i] = corev1.PersistentVolumeAccessMode(m)
	}
	return modes
}

// check returns what the API server would reject, with its place in the file.
func check(v *spec.Volume, context string) error {
	if v.Type == hostPathType {
		return &api.NotSupportedError{Message: fmt.Sprintf(
			"volume %q is of type k8s-hostpath, a directory of one node: kubevast mounts claims only; use type k8s-pvc", v.Name)}
	}
	out := &api.InvalidSpecError{}
	problem := func(path, format string, args ...any) {
		out.Problems = append(out.Problems, api.Problem{File: v.Source.File, Line: v.Source.Line,
			Path: path, Message: fmt.Sprintf(format, args...)})
	}
	if v.Context != "" && context != "" && v.Context != context {
		problem("infra", "the volume is for context %q, but the current context is %q", v.Context, context)
	}
	if err := rules.Volume(v.Name); err != "" {
		problem("name", "%q %s", v.Name, err)
	}
	if !v.UseExisting && (v.Size == nil || v.Size.Sign() <= 0) {
		problem("size", "is missing; set a quantity, for example 10Gi")
	}
	for _, key := range slices.Sorted(maps.Keys(v.Labels)) {
		if errs := validation.IsQualifiedName(key); len(errs) > 0 {
			problem("labels."+key, "is not a valid label name: %s", errs[0])
		}
		if errs := validation.IsValidLabelValue(v.Labels[key]); len(errs) > 0 {
			problem("labels."+key, "%q is not a valid label value: %s", v.Labels[key], errs[0])
		}
		if len(key) > len(kube.Prefix) && key[:len(kube.Prefix)] == kube.Prefix {
			problem("labels."+key, "labels that begin with %s are set by kubevast itself; choose another name", kube.Prefix)
		}
	}
	if len(out.Problems) > 0 {
		return out
	}
	return nil
}
