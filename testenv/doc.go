// Package testenv gives tests and demonstrations a real cluster: Kubernetes with two
// nodes, DNS, a default StorageClass and Kueue.
//
// Three ways lead to one, tried in this order: the cluster of an existing kubeconfig
// (VAST_TEST_KUBECONFIG), kind with its stock node image where Docker and a registry
// can be reached, and kind with a node image built from source where they cannot.
//
//	cluster, err := testenv.Up(ctx, testenv.Options{})
//
// Up may be called by any number of processes; the first makes the cluster, the
// others wait for it and find it there.
package testenv
