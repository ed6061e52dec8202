package provider

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

var Kind = Config{
	Name:        "kind",
	Description: "kind, a cluster in containers on a single computer",
	Recognized:  "a providerID that begins with kind://",
	Matches:     func(n *corev1.Node) bool { return strings.HasPrefix(n.Spec.ProviderID, "kind://") },
	Options:     []Option{storageSize("")},
	Small:       true,
}
