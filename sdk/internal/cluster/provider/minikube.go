package provider

import corev1 "k8s.io/api/core/v1"

var Minikube = Config{
	Name:        "minikube",
	Description: "minikube, a cluster on a single computer",
	Recognized:  "the label minikube.k8s.io/name",
	Matches: func(n *corev1.Node) bool {
		_, ok := n.Labels["minikube.k8s.io/name"]
		return ok
	},
	Options: []Option{storageSize("")},
	Small:   true,
}
