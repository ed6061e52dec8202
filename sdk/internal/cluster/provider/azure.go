package provider

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

var Azure = Config{
	Name:        "azure",
	Description: "Azure Kubernetes Service; the store is on a managed disk",
	Recognized:  "a providerID that begins with azure://",
	Matches:     func(n *corev1.Node) bool { return strings.HasPrefix(n.Spec.ProviderID, "azure://") },
	Options:     []Option{storageSize("10Gi")},
	// AKS has this class from the start.
	StorageClass: "managed-csi",
}
