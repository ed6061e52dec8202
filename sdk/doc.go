// Package sdk runs batch work on any Kubernetes cluster that a kubeconfig
// reaches. It holds all that kubectl vast and kubectl vastvol can do: the
// plugins only bind flags and print.
//
// A Client is made from kubectl's own configuration flags or from a
// rest.Config. It talks to nobody until one of its interfaces is used:
//
//   - Task submits tasks, looks at them, reads their logs and ends them.
//   - Volume looks after the volumes that tasks mount.
//   - Queue shows what waits in Kueue's queues, and holds and resumes them.
//   - Cluster makes a cluster ready for many people's work, and takes that back.
//   - Doctor checks what the others need.
//
// ShareProvider (handing results on from inside the cluster) will stand beside
// them. Package contexts knows the kubeconfig's contexts and the values that a
// file gives for each of them.
//
// Every error is one of those in package api, or wraps one; nothing in the
// SDK prints or exits.
package sdk
