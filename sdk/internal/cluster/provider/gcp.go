package provider

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

const (
	optionDiskType  = "disk_type"
	parameterType   = "type"
	gcpStorageClass = "vast-storage"
)

var GCP = Config{
	Name:        "gcp",
	Description: "Google Kubernetes Engine; the store is on a persistent disk of a StorageClass of its own",
	Recognized:  "a providerID that begins with gce://, or the label cloud.google.com/gke-nodepool",
	Matches: func(n *corev1.Node) bool {
		_, pool := n.Labels["cloud.google.com/gke-nodepool"]
		return pool || strings.HasPrefix(n.Spec.ProviderID, "gce://")
	},
	Options: []Option{
		storageSize("10Gi"),
		{Name: optionDiskType, Default: "pd-standard", Allowed: []string{"pd-standard", "pd-ssd", "pd-balanced"},
			Description: "type of the persistent disk", Parameter: parameterType},
	},
	StorageClass: gcpStorageClass,
	// Its parameters cannot be changed: another disk_type needs a cleanup first.
	NewStorageClass: func(values map[string]string) *storagev1.StorageClass {
		return &storagev1.StorageClass{
			ObjectMeta:           metav1.ObjectMeta{Name: gcpStorageClass},
			Provisioner:          "pd.csi.storage.gke.io",
			Parameters:           map[string]string{parameterType: values[optionDiskType]},
			ReclaimPolicy:        ptr.To(corev1.PersistentVolumeReclaimDelete),
			VolumeBindingMode:    ptr.To(storagev1.VolumeBindingWaitForFirstConsumer),
			AllowVolumeExpansion: ptr.To(true),
		}
	},
}
