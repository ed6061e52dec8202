package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

// selectedNode is where the scheduler notes the node of a claim that waited for
// its first consumer.
const selectedNode = "volume.kubernetes.io/selected-node"

// hostPath makes and removes the directories of one node.
type hostPath struct {
	root string
	node string
}

var (
	_ controller.Provisioner   = (*hostPath)(nil)
	_ controller.Qualifier     = (*hostPath)(nil)
	_ controller.DeletionGuard = (*hostPath)(nil)
)

// ShouldProvision leaves the claims of other nodes to their own provisioners.
func (p *hostPath) ShouldProvision(_ context.Context, claim *corev1.PersistentVolumeClaim) bool {
	return claim.Annotations[selectedNode] == p.node
}

// ShouldDelete leaves the volumes of other nodes to their own provisioners.
func (p *hostPath) ShouldDelete(_ context.Context, volume *corev1.PersistentVolume) bool {
	return nodeOf(volume) == p.node
}

// Provision makes the directory and describes it as a volume bound to this node.
func (p *hostPath) Provision(_ context.Context, opts controller.ProvisionOptions) (*corev1.PersistentVolume, controller.ProvisioningState, error) {
	claim := opts.PVC
	for _, mode := range claim.Spec.AccessModes {
		if mode != corev1.ReadWriteOnce && mode != corev1.ReadWriteOncePod {
			return nil, controller.ProvisioningFinished, fmt.Errorf(
				"access mode %s is not supported: a directory of one node offers ReadWriteOnce and ReadWriteOncePod", mode)
		}
	}
	if claim.Spec.Selector != nil {
		return nil, controller.ProvisioningFinished, fmt.Errorf("claim.spec.selector is not supported")
	}
	path := filepath.Join(p.root, opts.PVName+"_"+claim.Namespace+"_"+claim.Name)
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	// Pods that do not run as root must be able to write, whatever the umask is.
	if err := os.Chmod(path, 0o777); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	return p.describe(path, opts), controller.ProvisioningFinished, nil
}

func (p *hostPath) describe(path string, opts controller.ProvisionOptions) *corev1.PersistentVolume {
	kind := corev1.HostPathDirectory
	volume := &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: opts.PVName},
		Spec: corev1.PersistentVolumeSpec{
			AccessModes:  opts.PVC.Spec.AccessModes,
			VolumeMode:   opts.PVC.Spec.VolumeMode,
			MountOptions: opts.StorageClass.MountOptions,
			Capacity: corev1.ResourceList{
				corev1.ResourceStorage: opts.PVC.Spec.Resources.Requests[corev1.ResourceStorage],
			},
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				HostPath: &corev1.HostPathVolumeSource{Path: path, Type: &kind},
			},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{
					MatchExpressions: []corev1.NodeSelectorRequirement{{
						Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{p.node},
					}},
				}},
			}},
		},
	}
	if policy := opts.StorageClass.ReclaimPolicy; policy != nil {
		volume.Spec.PersistentVolumeReclaimPolicy = *policy
	}
	return volume
}

// Delete removes the directory; one that is gone already is no error.
func (p *hostPath) Delete(_ context.Context, volume *corev1.PersistentVolume) error {
	if volume.Spec.HostPath == nil {
		return fmt.Errorf("volume %s is no hostPath", volume.Name)
	}
	path := filepath.Clean(volume.Spec.HostPath.Path)
	if filepath.Dir(path) != filepath.Clean(p.root) {
		return fmt.Errorf("volume %s: %s does not lie in %s", volume.Name, path, p.root)
	}
	return os.RemoveAll(path)
}

// nodeOf returns the node that describe bound the volume to.
func nodeOf(volume *corev1.PersistentVolume) string {
	if volume.Spec.NodeAffinity == nil || volume.Spec.NodeAffinity.Required == nil {
		return ""
	}
	for _, term := range volume.Spec.NodeAffinity.Required.NodeSelectorTerms {
		for _, match := range term.MatchExpressions {
			if match.Key == corev1.LabelHostname && len(match.Values) == 1 {
				return match.Values[0]
			}
		}
	}
	return ""
}
