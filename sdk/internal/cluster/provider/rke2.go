package provider

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

var RKE2 = Config{
	Name:        "rke2",
	Description: "RKE2, or any other cluster on your own servers",
	Recognized:  "the label node.kubernetes.io/instance-type=rke2, or a kubelet whose version has rke2 in it",
	Matches: func(n *corev1.Node) bool {
		return n.Labels[corev1.LabelInstanceTypeStable] == "rke2" ||
			strings.Contains(n.Status.NodeInfo.KubeletVersion, "rke2")
	},
	Options: []Option{storageSize("")},
}
